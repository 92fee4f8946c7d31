"""Every function of the package says what it does, those inside functions included."""

import ast
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "backprop_panel"


def is_setter(function):
    return any(ast.unparse(each).endswith(".setter") for each in function.decorator_list)


def undocumented(path):
    """Yield where a file has a function without a docstring, private ones and setters aside."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if is_function and not (node.name.startswith("_") or is_setter(node)):
            if not ast.get_docstring(node):
                yield f"{path.relative_to(PACKAGE)}:{node.lineno} {node.name}"


def test_each_function_without_underscore_has_a_docstring():
    assert not [place for path in sorted(PACKAGE.rglob("*.py")) for place in undocumented(path)]
