"""environment.yml and pyproject.toml describe one environment."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]

# What conda calls otherwise than pip does.
PIP_NAME = {"pytorch": "torch", "playwright-python": "playwright"}


def parse(requirement: str) -> tuple[str, frozenset[str]]:
    """Split ``name>=1,<2`` into its name and its set of bounds."""
    match = re.fullmatch(r"([A-Za-z0-9][\w.-]*?)\s*((?:[<>=!~].*)?)", requirement.strip())
    assert match, f"not a plain requirement: {requirement!r}"
    name, bounds = match.groups()
    return name.lower(), frozenset(part.strip() for part in bounds.split(",") if part.strip())


def requirements(dependencies: list) -> Iterator[str]:
    """Yield what conda brings, and what it lets pip bring."""
    for each in dependencies:
        yield from each["pip"] if isinstance(each, dict) else [each]


@pytest.fixture(scope="module")
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def conda() -> dict[str, frozenset[str]]:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    pairs = list(map(parse, requirements(environment["dependencies"])))
    named = {PIP_NAME.get(name, name): bounds for name, bounds in pairs}
    assert len(named) == len(pairs), "environment.yml names a package twice"
    return named


def test_conda_and_pip_ask_for_the_same_packages_in_the_same_ranges(project, conda):
    asked = project["dependencies"] + project["optional-dependencies"]["test"]
    pip = dict(parse(requirement) for requirement in asked)
    assert {name: bounds for name, bounds in conda.items() if name not in ("python", "pip")} == pip


def test_conda_and_pip_ask_for_the_same_python(project, conda):
    _, bounds = parse("python" + project["requires-python"])
    assert conda["python"] == bounds


def test_conda_brings_the_pip_that_installs_the_project_itself(conda):
    assert "pip" in conda


@pytest.mark.parametrize("name", ["panel", "bokeh", "holoviews", "param", "torch"])
def test_packages_whose_next_minor_release_may_break_us_are_bounded_above(conda, name):
    assert any(bound.startswith("<") for bound in conda[name])
