"""Outside of its patches, a view uses only what Panel, Bokeh and HoloViews document."""

import ast
import importlib
import inspect
import pkgutil
import re
import textwrap
from pathlib import Path

import pytest

import backprop_panel.views

VIEWS = Path(backprop_panel.views.__file__).parent
PATCHES = VIEWS / "patches"

REACHES = {
    ".py": (
        *("Bokeh.require", ".prototype", "edit_readonly", ".handles", "_custom_theme"),
        *("value_throttled =", "connection_count", "DIST_DIR", "main-content", "child-wrapper"),
        *(".subplots", "sync: false", ".properties["),
    ),
    ".js": (
        *("Bokeh.", ".prototype", ".bk-", '"bk-', "shadow_el", ".shadowRoot.query", ".frame"),
        *(".attributes.", ".host.", "deref(", "window.katex", "katex-", ".roots("),
    ),
    ".css": ("[id", ".bk-", "scroll-button"),
}
"""What a file with such a suffix does not contain: signs of a library's inside."""

EXTENSION_POINTS = {"_esm", "_send_msg", "_handle_msg"}
"""Members that Panel's docstrings offer to components of one's own."""


def outside_patches(suffix=".py"):
    return sorted(path for path in VIEWS.rglob(f"*{suffix}") if PATCHES not in path.parents)


@pytest.mark.parametrize("path", outside_patches(), ids=lambda path: path.stem)
def test_views_read_no_private_attribute_of_others(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    own = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    reads = [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and re.match(r"_[a-z]", node.attr)
        and ast.unparse(node.value) not in {"self", "cls", "super()", *own}
    ]
    assert not reads


@pytest.mark.parametrize(
    "path",
    [path for suffix in REACHES for path in outside_patches(suffix)],
    ids=lambda path: path.name,
)
def test_views_reach_into_no_library(path):
    text = path.read_text(encoding="utf-8")
    assert not [reach for reach in REACHES[path.suffix] if reach in text]


def test_views_override_no_private_member_of_a_library():
    for cls in classes_of_views():
        libraries = [base for base in cls.__mro__ if not base.__module__.startswith("backprop_")]
        inherited = {name for base in libraries for name in vars(base)}
        private = {name for name in written_in(cls) if re.match(r"_[a-z]", name)}
        assert private & inherited <= EXTENSION_POINTS, cls


def classes_of_views():
    """Yield the classes of the package's views outside of its patches."""
    for found in pkgutil.walk_packages([str(VIEWS)], "backprop_panel.views."):
        module = importlib.import_module(found.name)
        if ".patches" not in module.__name__:
            for cls in vars(module).values():
                if inspect.isclass(cls) and cls.__module__ == module.__name__:
                    yield cls


def written_in(cls):
    """Yield the names that a class body sets, without those that metaclasses add."""
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
    for part in body.body:
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
            yield part.name
        elif isinstance(part, ast.Assign):
            yield from (target.id for target in part.targets)
        elif isinstance(part, ast.AnnAssign):
            yield part.target.id
