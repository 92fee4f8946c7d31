"""What each part of the package may know of: seen from outside, in fresh interpreters."""

import ast
import sys
from functools import cache
from pathlib import Path

import pytest
from interpreters import said_by_fresh_interpreter

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "backprop_panel"
NN = PACKAGE / "nn"
VIEWS = PACKAGE / "views"

ROOMS = (
    *("cli", "views", "lessons", "sweeps", "interchange", "analysis", "capture"),
    *("runs", "storage", "training", "data", "nn"),
)
"""From the top down: a room imports from itself and from those below it, never from above."""

VIEW_ROOMS = ("panels", "widgets", "plots", "state", "patches")
"""Inside views, from the top down; above them is what makes a page of them."""

SHARED = {"settings", "plain_values", "memory", "rng", "interrupts", "version"}
"""Modules that every room may use."""

BELOW_VIEWS = sorted(path for path in PACKAGE.rglob("*.py") if VIEWS not in path.parents)
UI_LIBRARIES = {"panel", "bokeh", "holoviews", "panel_material_ui"}

TRAIN = """
import json, sys

if {without_torch}:
    sys.modules["torch"] = None

from backprop_panel import Model, SequenceDataset, Trainer

def torch_is_loaded():
    return sys.modules.get("torch") is not None

data = SequenceDataset(num_samples=100)
model = Model(input_dimension=data.input_dimension, output_dimension=data.output_dimension)
trainer = Trainer(model, data, loss_type="cross_entropy", optimizer="adam", batch_size=32)
loaded = [torch_is_loaded()]
losses = [trainer.run_batch().loss]
loaded.append(torch_is_loaded())
losses += [trainer.run_batch().loss for _ in range(10)]
print(json.dumps({{"loaded": loaded, "losses": [loss.hex() for loss in losses]}}))
"""


def module_name(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree_of(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path):
    """Yield (level, module) of each import in a file, those inside functions included.

    ``from . import name`` counts as an import of the sibling ``name``.
    """
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.level, node.module
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.level, alias.name) for alias in node.names)


def runtime_imports(path):
    """Yield the full name of each module of the package that a file imports when it runs."""
    tree = tree_of(path)
    skipped = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and getattr(block.test, "id", "") == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    package = list(path.relative_to(ROOT).parts[:-1])
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level and id(node) not in skipped:
            parents = package[: len(package) - node.level + 1]
            yield from (
                ".".join([*parents, *(node.module or "").split("."), alias.name]).replace("..", ".")
                for alias in node.names
            )


def room_of(module):
    """The room of a module by its full name; the shared modules and the package have none."""
    first = (module.split(".") + [""])[1]
    return first if first in ROOMS else None


def view_level(path):
    """Return the level of a path inside views: 0 for its top modules, then a number per room."""
    return VIEW_ROOMS.index(path.split(".")[0]) + 1 if path.split(".")[0] in VIEW_ROOMS else 0


def libraries(path):
    return {module.split(".")[0] for level, module in imports(path) if level == 0}


@pytest.fixture(scope="module")
def with_torch():
    return said_by_fresh_interpreter(TRAIN.format(without_torch=False))


@pytest.fixture(scope="module")
def without_torch():
    return said_by_fresh_interpreter(TRAIN.format(without_torch=True))


def test_importing_all_but_views_loads_no_ui_library_and_no_torch():
    names = [module_name(path) for path in BELOW_VIEWS if path.stem != "__main__"]
    assert {"backprop_panel", "backprop_panel.training.engine"} <= set(names)
    loaded = said_by_fresh_interpreter(
        f"import importlib, json, sys\n"
        f"for name in {names!r}:\n"
        f"    importlib.import_module(name)\n"
        f"print(json.dumps(list(sys.modules)))"
    )
    unwanted = {*UI_LIBRARIES, "torch"}
    assert not [
        name
        for name in loaded
        if name.split(".")[0] in unwanted or name.startswith("backprop_panel.views")
    ]


@pytest.mark.parametrize("path", BELOW_VIEWS, ids=module_name)
def test_no_module_but_views_imports_a_ui_library_even_later(path):
    assert not libraries(path) & UI_LIBRARIES


@pytest.mark.parametrize("path", BELOW_VIEWS, ids=module_name)
def test_no_module_but_views_imports_views_even_later(path):
    assert not [module for _, module in imports(path) if "views" in module.split(".")]


def test_only_autograd_and_the_batch_loader_import_torch():
    importing = [path.name for path in PACKAGE.rglob("*.py") if "torch" in libraries(path)]
    assert sorted(importing) == ["autograd.py", "batch_loader.py"]


@pytest.mark.parametrize("path", sorted(NN.glob("*.py")), ids=module_name)
def test_nn_imports_only_numpy_and_the_standard_library(path):
    assert libraries(path) <= {"numpy", *sys.stdlib_module_names}
    siblings = {sibling.stem for sibling in NN.glob("*.py")}
    relative = [(level, module) for level, module in imports(path) if level]
    assert all(level == 1 and module in siblings for level, module in relative)


def test_torch_is_not_loaded_by_making_data_model_and_trainer(with_torch):
    assert with_torch["loaded"][0] is False


def test_torch_is_loaded_by_the_first_batch(with_torch):
    assert with_torch["loaded"][1] is True


def test_a_trainer_works_where_torch_cannot_be_imported(without_torch):
    assert without_torch["loaded"] == [False, False]


def test_losses_are_bit_for_bit_the_same_without_torch(with_torch, without_torch):
    assert without_torch["losses"] == with_torch["losses"]


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*/*.py")), ids=module_name)
def test_a_room_imports_only_from_itself_and_from_rooms_below(path):
    own = room_of(module_name(path))
    for module in runtime_imports(path):
        room = room_of(module)
        if room is None:
            assert module.split(".")[1] in SHARED, f"{module} is in no room"
        else:
            assert ROOMS.index(room) >= ROOMS.index(own), f"{own} imports {module}"


@pytest.mark.parametrize("path", sorted(VIEWS.rglob("*/*.py")), ids=module_name)
def test_a_room_in_views_imports_only_from_itself_and_rooms_below(path):
    prefix = "backprop_panel.views."
    own = module_name(path).removeprefix(prefix)
    for module in runtime_imports(path):
        other = module.removeprefix(prefix)
        if other != module:
            assert view_level(own) <= view_level(other), f"{own} imports {other}"


def test_every_folder_in_views_is_a_room_of_the_layering():
    assert {path.parent.name for path in VIEWS.glob("*/*.py")} == set(VIEW_ROOMS)


def test_the_package_root_holds_the_public_names_and_the_shared_modules():
    assert {path.stem for path in PACKAGE.glob("*.py")} == {"__init__", "__main__", *SHARED}
