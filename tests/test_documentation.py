"""What the README, CONTRIBUTING and the pages of `docs` say is there, and their Python runs."""

import re
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "backprop_panel"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]
WIDTHS = (16, 32, 32, 4)


def python_of(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def state_dict():
    """Return the parameters of an `nn.Sequential` of Linear layers and activations."""
    tensors = {}
    for number, shape in enumerate(zip(WIDTHS, WIDTHS[1:], strict=False)):
        tensors[f"{2 * number}.weight"] = np.ones(shape[::-1], np.float32)
        tensors[f"{2 * number}.bias"] = np.zeros(shape[1], np.float32)
    return tensors


@pytest.mark.parametrize("page", ["README.md", "docs/from_python.md"])
def test_the_python_of_a_page_runs_from_top_to_bottom(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    save_file(state_dict(), "state_dict.safetensors")
    names = {}
    for number, block in enumerate(python_of(page)):
        if "Sweep(" not in block:  # it starts processes
            exec(compile(block, f"{page}, block {number}", "exec"), names)
    assert "run" in names


@pytest.mark.parametrize("page", NAMES)
def test_links_within_the_repository_lead_somewhere(page):
    links = re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / page).read_text(encoding="utf-8"))
    missing = [link for link in links if not (ROOT / page).parent.joinpath(link).exists()]
    assert missing == []


def test_the_layout_table_names_every_room():
    table = (ROOT / "README.md").read_text(encoding="utf-8")
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert set(re.findall(r"^\| `backprop_panel/(\w+)/`", table, re.MULTILINE)) == rooms


def test_contributing_names_modules_that_are_there():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(r"`([\w*]+(?:/[\w*]+)*/[\w*]+\.py)`", text)
    missing = [name for name in named if not any(any(base.glob(name)) for base in (ROOT, PACKAGE))]
    assert named and missing == []
