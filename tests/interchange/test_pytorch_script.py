"""A PyTorch script or notebook of a run repeats its losses."""

import ast
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from backprop_panel import TrainingRun
from backprop_panel.interchange import InterchangeError, export_notebook, export_script
from backprop_panel.nn.fault_needs import Setup
from backprop_panel.nn.faults import FAULTS
from backprop_panel.nn.losses import LOSSES
from backprop_panel.nn.optimizers import OPTIMIZERS
from backprop_panel.training.events import Changed
from tests.bundles import weights_file

STEPS = 100

# One interpreter runs all of them, as importing torch takes longer than the training.
RUN_EACH = """
import json, os, pathlib, runpy, sys

losses = {}
for folder in map(pathlib.Path, json.loads(sys.stdin.readline())):
    os.chdir(folder)
    if (folder / "train.py").exists():
        losses[folder.name] = runpy.run_path("train.py")["losses"]
    else:
        cells = json.loads((folder / "train.ipynb").read_text())["cells"]
        names = {}
        for cell in cells:
            if cell["cell_type"] == "code":
                exec(cell["source"], names)
        losses[folder.name] = names["losses"]
pathlib.Path(sys.argv[1]).write_text(json.dumps(losses))
"""


def batches(run, count):
    for _ in range(count):
        run.trainer.run_batch()


def changed_midway(optimizer, loss_type):
    """100 steps over several epochs; the learning rate, the decay and the batch size change."""
    run = TrainingRun(
        f"{optimizer} {loss_type}",
        {
            "num_samples": 200,
            "hidden_dimension": [12, 8],
            "activation": ["gelu", "tanh"],
            "optimizer": optimizer,
            "loss_type": loss_type,
            "learning_rate": 0.01,
            "seed": 3,
        },
    )
    batches(run, 40)
    run.trainer.change(learning_rate=0.003, weight_decay=0.01, batch_size=50)
    batches(run, 60)
    return run


def with_every_optimizer_and_loss():
    """Optimizers are exchanged and used again, one with another learning rate."""
    run = TrainingRun("every", {"activation": "relu", "learning_rate": 0.01, "num_samples": 100})
    for number, optimizer in enumerate(["adam", "momentum", "sgd", "adam", "rmsprop", "momentum"]):
        run.trainer.change(optimizer=optimizer, learning_rate=0.01 / (1 + number // 2))
        batches(run, 15)
        run.trainer.loss_type = "cross_entropy" if run.trainer.loss_type == "mse" else "mse"
        run.trainer.run_step()
    run.trainer.loss_type = "mse"
    return run


def set_and_frozen_by_hand():
    run = TrainingRun("by hand", {"optimizer": "adam", "learning_rate": 0.01, "num_samples": 100})
    engine = run.trainer.engine
    batches(run, 10)
    engine.edits.set_weight(1, 3, 2, -0.75)
    engine.edits.set_weight(2, 32, 1, 0.5)  # a bias
    batches(run, 10)
    engine.edits.freeze(0, True)
    engine.edits.freeze(2, True)
    batches(run, 20)
    engine.edits.freeze(0, False)
    engine.edits.freeze(1, True, column=7)
    engine.edits.freeze(1, True, row=3, column=2)
    engine.edits.freeze(1, True, row=32, column=4)  # a bias
    engine.edits.silence(1, 5, True)
    engine.edits.silence(2, 9, True)
    batches(run, 20)
    engine.edits.silence(1, 5, False)
    engine.edits.freeze(1, False, column=7)
    batches(run, 10)
    return run


def with_loaded_weights():
    """Loads at the beginning, after an edit, into a frozen layer, and of one file twice."""
    run = TrainingRun("loaded", {"optimizer": "adam", "learning_rate": 0.01, "num_samples": 100})
    engine = run.trainer.engine
    first, second = (weights_file(engine.network, seed) for seed in (1, 2))
    run.load_weights(first)
    batches(run, 15)
    engine.edits.set_weight(0, 0, 0, 3.0)
    run.load_weights(second)
    engine.edits.set_weight(1, 3, 2, -0.75)
    engine.edits.freeze(1, True)
    batches(run, 15)
    run.load_weights(first)
    batches(run, 15)
    run.load_weights(weights_file(engine.network, 3))  # with which nothing is trained
    return run


def classifying():
    run = TrainingRun(
        "deep",
        {
            "task_type": "sequence_classification",
            "hidden_layers": 4,
            "activation": ["sigmoid", "identity", "relu", "gelu"],
            "num_master_sequences": 6,
            "vocabulary": [f"word {number}" for number in range(300)],
            "loss_type": "cross_entropy",
            "optimizer": "adam",
        },
    )
    batches(run, STEPS)
    return run


LEARNING_RATES = {"sgd": 0.02, "momentum": 0.002, "rmsprop": 0.001, "adam": 0.001, "adamw": 0.001}

WITH_FAULTS = {
    "num_samples": 100,
    "hidden_dimension": [12, 12, 8],
    "activation": ["gelu", "tanh", "sigmoid"],
    "weight_decay": 0.01,
    "batch_size": 13,  # six of them and a smaller one are an epoch
}


def acting_with(optimizer, loss_type):
    """The faults that can act with an optimizer and a loss."""
    settings = WITH_FAULTS
    widths = [16, *settings["hidden_dimension"], 4]
    rest = loss_type, optimizer, settings["batch_size"], 80
    setup = Setup(widths, settings["activation"], *rest)
    keys = [key for key, fault in FAULTS.items() if not fault.needs(setup)]
    return sorted(keys, key="zero_weights".__eq__)  # last: units that are equal hide other faults


def with_faults(optimizer, loss_type):
    """Each fault that can act, one after the other, with frozen parts and weights set by hand."""
    rate = LEARNING_RATES[optimizer]
    chosen = {"optimizer": optimizer, "loss_type": loss_type, "learning_rate": rate}
    run = TrainingRun(f"faults {optimizer} {loss_type}", {**WITH_FAULTS, **chosen})
    engine = run.trainer.engine
    for number, fault in enumerate(acting_with(optimizer, loss_type)):
        batches(run, 2)
        run.trainer.change(fault=fault)
        batches(run, 2)
        run.trainer.change(fault=None)
        run.trainer.change(fault=fault)  # what was remembered is forgotten
        batches(run, 1)
        run.trainer.run_step()
        engine.edits.set_weight(2, number % 12, 2, -0.4)
        engine.edits.set_weight(1, 12, number % 12, 0.3)  # a bias
        engine.edits.freeze(number % 4, True)
        engine.edits.freeze(2, True, column=number % 8)
        engine.edits.freeze(1, True, row=12, column=3)
        engine.edits.silence(1 + number % 3, number % 8, True)
        batches(run, 3)
        run.trainer.change(learning_rate=rate / 2)
        engine.edits.freeze(number % 4, False)
        batches(run, 2)
        engine.edits.silence(1 + number % 3, number % 8, False)
        run.trainer.change(fault=None, learning_rate=rate)
    batches(run, 3)
    return run


def with_one_fault(fault):
    """A fault from the first step on, and later none."""
    suited = {"loss_type": "cross_entropy", "optimizer": "adam"}
    run = TrainingRun(fault, {**WITH_FAULTS, **suited, "fault": fault})
    batches(run, 5)
    run.trainer.change(fault=None)
    batches(run, 3)
    return run


def with_optimizers_exchanged_under_faults():
    run = TrainingRun("exchanged", {**WITH_FAULTS, "optimizer": "adam", "learning_rate": 0.001})
    rules = ["adam", "adamw", "adam"]
    for fault, optimizers in {
        "no_bias_correction": rules,
        "inverted_bias_correction": rules,
        "wrong_sign": OPTIMIZERS,
        "bias_per_weight": OPTIMIZERS,
    }.items():
        run.trainer.change(fault=None)
        for optimizer in optimizers:
            rate = LEARNING_RATES[optimizer] / 2
            run.trainer.change(optimizer=optimizer, learning_rate=rate, fault=fault)
            batches(run, 4)
    return run


FAULTY = [f"faults {optimizer} {loss}" for optimizer in OPTIMIZERS for loss in LOSSES]


@pytest.fixture(scope="module")
def runs():
    made = {
        f"{optimizer}-{loss}": changed_midway(optimizer, loss)
        for optimizer in OPTIMIZERS
        for loss in LOSSES
    }
    return {
        **made,
        "every": with_every_optimizer_and_loss(),
        "deep": classifying(),
        "by hand": set_and_frozen_by_hand(),
        "loaded": with_loaded_weights(),
        **{name: with_faults(*name.split()[1:]) for name in FAULTY},
        **{fault: with_one_fault(fault) for fault in FAULTS},
        "exchanged": with_optimizers_exchanged_under_faults(),
    }


NOTEBOOKS = ["every", "loaded", "faults adamw cross_entropy"]


@pytest.fixture(scope="module")
def losses(runs, tmp_path_factory):
    """The losses of each script and of a notebook, run in another interpreter."""
    place = tmp_path_factory.mktemp("scripts")
    for name, run in runs.items():
        export_script(run, place / name)
    notebooks = {f"notebook of {name}": runs[name] for name in NOTEBOOKS}
    for name, run in notebooks.items():
        export_notebook(run, place / name)
    folders = [str(place / name) for name in [*runs, *notebooks]]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", RUN_EACH, str(place / "losses.json")],
        input=json.dumps(folders) + "\n",
        capture_output=True,
        text=True,
        timeout=120,
        # For such small products more threads than one only wait for each other.
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    return json.loads((place / "losses.json").read_text())


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_script_repeats_the_losses_of_the_run(runs, losses, optimizer, loss):
    name = f"{optimizer}-{loss}"
    expected = runs[name].history["loss"]
    assert len(losses[name]) == len(expected) == STEPS
    assert np.abs(np.array(losses[name]) - expected).max() < 1e-5


@pytest.mark.parametrize("name", [*FAULTY, *FAULTS, "exchanged"])
def test_a_script_repeats_the_faults_of_a_run(runs, losses, name):
    expected = runs[name].history["loss"]
    assert len(losses[name]) == len(expected)
    np.testing.assert_allclose(losses[name], expected, rtol=2e-5)


def test_each_fault_is_repeated_with_every_optimizer_and_loss_that_it_acts_with(runs):
    repeated = {
        (each.settings["fault"], *name.split()[1:])
        for name in FAULTY
        for each in runs[name].trainer.engine.events
        if isinstance(each, Changed) and each.settings.get("fault")
    }
    of_adam = {"no_bias_correction", "inverted_bias_correction"}
    of_cross_entropy = {"no_softmax_derivative", "double_softmax"}
    assert repeated == {
        (fault, optimizer, loss)
        for fault in FAULTS
        for optimizer in (["adam", "adamw"] if fault in of_adam else OPTIMIZERS)
        for loss in (["cross_entropy"] if fault in of_cross_entropy else LOSSES)
    }


@pytest.mark.parametrize("fault", FAULTS)
def test_a_script_has_the_sentences_of_its_faults_only(runs, tmp_path, fault):
    lines = script(runs[fault], tmp_path).splitlines()
    text = " ".join(line.removeprefix("# ") for line in lines)
    assert [key for key, each in FAULTS.items() if each.sentence in text] == [fault]
    assert [key for key in FAULTS if f"def {key}(" in text] in ([], [fault])


def test_a_fault_taken_back_before_a_step_does_not_matter(tmp_path):
    run = TrainingRun("run", {"hidden_dimension": 4})
    batches(run, 1)
    run.trainer.change(fault="stale_activations")
    run.trainer.change(fault=None)
    batches(run, 1)
    assert "stale" not in script(run, tmp_path)


@pytest.mark.parametrize("name", ["every", "deep", "by hand", "loaded"])
def test_a_script_covers_every_optimizer_loss_and_activation(runs, losses, name):
    expected = runs[name].history["loss"]
    assert len(losses[name]) == len(expected)
    assert np.abs(np.array(losses[name]) - expected)[:STEPS].max() < 1e-5


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_repeats_the_losses_of_the_script(losses, name):
    assert losses[f"notebook of {name}"] == losses[name]


def test_a_script_includes_its_loaded_weights_once_each(runs, tmp_path):
    export_script(runs["loaded"], tmp_path / "script")
    loaded = sorted(file.name for file in (tmp_path / "script").glob("loaded_*"))
    assert loaded == ["loaded_weights_1.safetensors", "loaded_weights_2.safetensors"]


def script(run, place):
    export_script(run, place / "script")
    return (place / "script" / "train.py").read_text(encoding="utf-8")


def imported(source):
    """The modules that code imports, at any place."""
    modules = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules.append(node.module)
    return modules


@pytest.mark.parametrize(
    "name", ["every", "by hand", "loaded", "faults adamw cross_entropy", "exchanged"]
)
def test_a_formatter_leaves_a_script_unchanged(runs, tmp_path, name):
    export_script(runs[name], tmp_path / "script")
    for command in (["format", "--check"], ["check", "--select", "E,F,I,B"]):
        options = ["--isolated", "--no-cache", "--line-length", "100"]
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *options, tmp_path / "script" / "train.py"],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_script_does_not_import_this_package(runs, tmp_path):
    assert "backprop_panel" not in [
        module.split(".")[0] for module in imported(script(runs["every"], tmp_path))
    ]


def test_a_change_undone_before_a_step_is_not_in_the_script(tmp_path):
    run = TrainingRun("run", {"hidden_dimension": 4})
    batches(run, 2)
    run.trainer.learning_rate = 0.5
    run.trainer.learning_rate = 0.001
    batches(run, 2)
    assert "param_groups" not in script(run, tmp_path)


@pytest.mark.parametrize(
    "name", ['"""\nimport os\n"""', "'; import os; '", "{losses}", "\\", "\u2028import os", "\x00"]
)
def test_a_runs_name_never_becomes_code(tmp_path, name):
    run = TrainingRun("run", {"hidden_dimension": 4})
    run.take_name(name)  # an older store may hold any
    batches(run, 1)
    source = script(run, tmp_path)
    assert "os" not in imported(source)
    named = next(line for line in ast.parse(source).body if isinstance(line, ast.Assign))
    assert named.targets[0].id == "run_name"
    assert ast.literal_eval(named.value) == name


def test_a_run_without_steps_gives_a_script_without_steps(tmp_path):
    assert "\ntrain(" not in script(TrainingRun("new", {"hidden_layers": 0}), tmp_path)


def test_an_existing_target_is_not_overwritten(tmp_path):
    with pytest.raises(InterchangeError, match="exists"):
        export_script(TrainingRun("new", {"hidden_dimension": 4}), tmp_path)
