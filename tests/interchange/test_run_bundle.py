"""Export and import of a run as a folder or a zip."""

import csv
import hashlib
import io
import json
import time
import warnings
from threading import Thread

import numpy as np
import pytest
from safetensors.numpy import load, save

from backprop_panel import TrainingRun
from backprop_panel.interchange import (
    InterchangeError,
    ReplayWarning,
    export_run,
    file_name,
    import_run,
    limits,
    run_bundle,
)
from backprop_panel.interchange.bounded_replay import replay
from backprop_panel.training.events import Trained
from backprop_panel.training.worker import StopWhen
from tests.bundles import exported, unzipped, weights_file

SMALL = {
    "num_samples": 50,
    "hidden_dimension": 8,
    "learning_rate": 0.05,
    "loss_type": "cross_entropy",
    "batch_size": 20,
}


def trained_run(name="first", **config):
    """A run with every kind of event, its last in the middle of an epoch."""
    run = TrainingRun(name, {**SMALL, **config})
    run.trainer.run_epoch()
    run.trainer.optimizer = "adam"
    run.trainer.run_step()
    run.trainer.engine.edits.set_weight(0, 1, 2, 0.5)
    run.load_weights(weights_file(run.model.network))
    run.trainer.engine.edits.freeze(1, True)
    run.trainer.engine.edits.freeze(0, True, column=3)
    run.trainer.engine.edits.silence(2, 1, True)
    run.trainer.change(learning_rate=0.01, weight_decay=0.001, loss_type="mse")
    run.trainer.run_epoch()
    run.trainer.run_batch()
    return run


def edited(folder, **entries):
    """Edit entries of a folder's run.json, and delete its checksums."""
    (folder / "SHA256SUMS").unlink()
    path = folder / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **entries}))
    return folder


@pytest.fixture(scope="module")
def run():
    return trained_run()


@pytest.fixture(scope="module")
def back(run):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return import_run(exported(run))


@pytest.fixture
def folder(run, tmp_path):
    export_run(run, tmp_path / "run")
    return tmp_path / "run"


def test_name_configuration_and_events_come_back(run, back):
    assert (back.name, back.config) == (run.name, run.config)
    assert back.trainer.engine.events == run.trainer.engine.events


def test_an_imported_run_has_a_new_id(run, back):
    assert back.id != run.id


def test_weights_come_back_bit_for_bit(run, back):
    assert np.array_equal(back.model.network.parameters, run.model.network.parameters)


def test_the_history_comes_back_bit_for_bit(run, back):
    assert list(back.history) == list(run.history)
    for name, column in run.history.items():
        assert np.array_equal(back.history[name], column, equal_nan=True)


def test_the_trainer_shows_the_settings_in_force(run, back):
    assert back.settings == run.settings


def test_an_imported_run_trains_on_as_the_exported_one():
    run = trained_run()
    back = import_run(exported(run))
    assert [back.trainer.run_batch().loss for _ in range(5)] == [
        run.trainer.run_batch().loss for _ in range(5)
    ]


@pytest.mark.parametrize(("first", "last"), [("visualize", "train"), ("train", "visualize")])
def test_a_run_comes_back_in_the_mode_in_which_it_was_exported(first, last):
    run = TrainingRun("run", {**SMALL, "mode": first})
    run.trainer.mode = "train"
    run.trainer.run_epoch()
    run.trainer.mode = last
    back = import_run(exported(run))
    assert back.trainer.mode == last
    assert np.array_equal(back.model.network.parameters, run.model.network.parameters)


def test_a_run_without_a_step_comes_back():
    assert import_run(exported(TrainingRun("new", SMALL))).trainer.step == 0


@pytest.mark.parametrize(
    "config",
    [
        {"hidden_dimension": [8, 4], "activation": ["tanh", "relu"]},
        {"task_type": "sequence_classification"},
        {
            "vocabulary": ["x", "\x00", "日本"],
            "master_sequences": [["x", "\x00"] * 4, ["日本"] * 6],
        },
        {"vocabulary": list("ab"), "master_sequences": "abbabba\nbbaabab"},
    ],
    ids=["lists", "classification", "tokens", "text"],
)
def test_every_kind_of_configuration_comes_back(config):
    run = TrainingRun("run", {**SMALL, **config})
    assert import_run(exported(run)).config == run.config


@pytest.mark.parametrize("batches", [0, 1])
def test_a_run_edited_before_its_first_step_comes_back_without_a_warning(batches):
    run = TrainingRun("edited", SMALL)
    run.trainer.engine.edits.set_weight(0, 1, 2, 0.5)
    run.trainer.learning_rate = 0.7
    for _ in range(batches):
        run.trainer.run_batch()
    back = import_run(exported(run))  # a warning would be an error
    assert back.at(0).weights[0][1, 2] == run.at(0).weights[0][1, 2] != 0.5
    assert back.trainer.engine.state().digest() == run.trainer.engine.state().digest()


def test_a_run_with_diverged_weights_comes_back():
    run = TrainingRun("run", {**SMALL, "learning_rate": 1e20, "loss_type": "mse"})
    for _ in range(6):
        run.trainer.run_epoch()
    assert not np.isfinite(run.model.network.parameters).all()
    back = import_run(exported(run)).model.network.parameters
    assert np.array_equal(back, run.model.network.parameters, equal_nan=True)


def test_an_export_waits_for_the_workers_step():
    run, buffer = trained_run(), io.BytesIO()
    run.commands.start_stepping()
    export = Thread(target=export_run, args=(run, buffer))
    export.start()
    export.join(0.1)
    assert export.is_alive()
    run.commands.stop_stepping()
    export.join()
    assert import_run(buffer.getvalue()).trainer.step == run.trainer.step


def test_an_export_during_training_is_consistent():
    run = trained_run()
    run.worker.start(StopWhen())
    try:
        exports = [exported(run) for _ in range(3)]
    finally:
        run.worker.stop()
    steps = [import_run(data).trainer.step for data in exports]
    assert steps == sorted(steps)


def test_exports_of_one_run_are_identical(run):
    assert exported(run) == exported(run)


def test_a_folder_and_a_zip_hold_the_same_files(run, folder, tmp_path):
    export_run(run, tmp_path / "run.zip")
    assert unzipped((tmp_path / "run.zip").read_bytes()) == {
        path.name: path.read_bytes() for path in folder.iterdir()
    }


def test_a_folder_is_imported_like_a_zip(run, folder):
    back = import_run(folder)
    assert np.array_equal(back.model.network.parameters, run.model.network.parameters)


def test_history_csv_holds_the_history(run, folder):
    with (folder / "history.csv").open() as file:
        header, *rows = csv.reader(file)
    assert header == list(run.history)
    table = np.array(rows, np.float32).T
    for name, column in zip(header, table, strict=True):
        assert np.array_equal(column, run.history[name].astype(np.float32), equal_nan=True)


def test_exported_initial_weights_are_those_of_the_run(run, folder):
    initial = load((folder / "initial_weights.safetensors").read_bytes())
    for layer, weights in enumerate(run.at(0).weights):
        assert np.array_equal(initial[f"{2 * layer}.weight"].T, weights)


def test_checksums_have_the_format_of_sha256sum(folder):
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


@pytest.mark.parametrize("suffix", ["", ".zip"])
def test_an_existing_target_is_not_overwritten(run, tmp_path, suffix):
    target = tmp_path / f"run{suffix}"
    target.mkdir() if not suffix else target.write_bytes(b"mine")
    with pytest.raises(InterchangeError, match="exists"):
        export_run(run, target)


def replace_weights(folder, change):
    """Change the exported weights slightly, as rounding on another machine does."""
    (folder / "SHA256SUMS").unlink()
    path = folder / "weights.safetensors"
    path.write_bytes(save({name: change(w) for name, w in load(path.read_bytes()).items()}))


def test_exported_weights_replace_those_of_the_replay_with_a_warning(run, folder):
    replace_weights(folder, lambda weights: weights + np.float32(0.001))
    with pytest.warns(ReplayWarning, match=r"differs .* by up to 0\.001"):
        back = import_run(folder)
    assert np.allclose(
        back.model.network.parameters, run.model.network.parameters + np.float32(0.001)
    )


def test_the_warning_points_at_the_caller(folder):
    replace_weights(folder, lambda weights: weights + np.float32(0.001))
    with pytest.warns(ReplayWarning) as caught:
        import_run(folder)
    assert caught[0].filename == __file__


def test_other_initial_weights_cause_a_warning(folder):
    (folder / "SHA256SUMS").unlink()
    path = folder / "initial_weights.safetensors"
    path.write_bytes(save({n: w + np.float32(0.5) for n, w in load(path.read_bytes()).items()}))
    with pytest.warns(ReplayWarning, match=r"begins from weights .* by up to 0\.5"):
        import_run(folder)


def test_non_finite_exported_weights_differ_from_finite_ones_and_are_refused(folder):
    replace_weights(folder, lambda weights: weights * np.float32(np.nan))
    with pytest.raises(InterchangeError, match="which numbers are finite"):
        import_run(folder)


def test_a_changed_file_is_named(folder):
    path = folder / "history.csv"
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(InterchangeError, match=r"history\.csv is not as it was exported"):
        import_run(folder)


def test_an_edited_file_is_read_if_the_checksums_are_deleted(folder):
    assert import_run(edited(folder, name="renamed")).name == "renamed"


@pytest.mark.parametrize("missing", ["run.json", "weights.safetensors"])
def test_a_missing_file_is_named(folder, missing):
    (folder / missing).unlink()
    with pytest.raises(InterchangeError, match=f"{missing} is missing"):
        import_run(folder)


def test_too_many_updates_are_refused_at_once_with_the_limit(folder):
    events = [{"kind": "trained", "step": 0, "updates": 10**15, "size": 1}]
    began = time.process_time()
    with pytest.raises(InterchangeError, match=r"at most 100,000 .* got 1,000,000,000,000,000"):
        import_run(edited(folder, events=events))
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("trained", "reason"),
    [
        (Trained(0, size=1, updates=90_000), "Examples times parameters"),
        (Trained(0, size=50_000, updates=1), "Activations of a layer, over a batch"),
    ],
)
def test_replay_is_limited_in_work_and_memory(trained, reason):
    run = TrainingRun("large", {**SMALL, "num_samples": 100_000, "hidden_dimension": 1000})
    with pytest.raises(InterchangeError, match=reason):
        replay(run, [trained])


def test_too_many_events_are_refused(folder):
    events = [{"kind": "changed", "step": 0, "settings": {}}] * (limits.MOST_EVENTS + 1)
    with pytest.raises(InterchangeError, match=r"at most 100,000"):
        import_run(edited(folder, events=events))


def test_a_run_whose_rate_changed_twenty_thousand_times_comes_back(tmp_path):
    run = TrainingRun("schedule", SMALL)
    for time_changed in range(20_001):
        run.trainer.learning_rate = 0.01 / (1 + time_changed)
    export_run(run, tmp_path / "run.zip")
    assert import_run(tmp_path / "run.zip").settings == run.settings


def test_a_run_with_more_events_than_an_import_takes_is_not_exported(tmp_path, monkeypatch):
    monkeypatch.setattr(run_bundle, "MOST_EVENTS", 3)
    run = TrainingRun("many", SMALL)
    for rate in (0.1, 0.2, 0.3, 0.4):
        run.trainer.learning_rate = rate
    with pytest.raises(InterchangeError, match="has 4 events.* at most 3 can be imported again"):
        export_run(run, tmp_path / "run.zip")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"kind": "trained", "step": 5, "updates": 1, "size": 1}, "is of step 5, but 0"),
        ({"kind": "trained", "step": 0, "updates": -1, "size": 1}, "Not an event"),
        ({"kind": "trained", "step": 0, "updates": 1.5, "size": 1}, "Not an event"),
        ({"kind": "trained", "step": 0, "updates": 1, "size": 0}, "Not an event"),
        ({"kind": "trained", "step": True, "updates": 1, "size": 1}, "Not an event"),
        (
            {"kind": "changed", "step": 0, "settings": {"learning_rat": 1}},
            "Did you mean 'learning_rate'",
        ),
        (
            {"kind": "changed", "step": 0, "settings": {"learning_rate": -1}},
            "learning_rate must be",
        ),
        ({"kind": "changed", "step": 0, "settings": {"optimizer": ["sgd"]}}, "optimizer must be"),
        ({"kind": "changed", "step": 0, "settings": {"optimizer": "adan"}}, "Did you mean 'adam'"),
        (
            {"kind": "weight_set", "step": 0, "layer": 9, "row": 0, "column": 0, "value": 1.0},
            "layers",
        ),
        (
            {"kind": "weight_set", "step": 0, "layer": 0, "row": 0, "column": 0, "value": "1"},
            "Not an",
        ),
        ({"kind": "layer_frozen", "step": 0, "layer": -1, "frozen": True}, "layers"),
        ({"kind": "layer_frozen", "step": 0, "layer": 0, "frozen": 1}, "Not an event"),
        (
            {
                "kind": "part_frozen",
                "step": 0,
                "layer": 0,
                "row": None,
                "column": 99,
                "frozen": True,
            },
            "shape",
        ),
        ({"kind": "unit_silenced", "step": 0, "level": 0, "unit": 0, "silenced": True}, "levels"),
        (
            {"kind": "unit_silenced", "step": 0, "level": 1, "unit": 0, "silenced": 1},
            "Not an event",
        ),
        ({"kind": "layer_frozn", "step": 0}, "Did you mean 'layer_frozen'"),
        ("train", "Not an event"),
        (None, "Not an event"),
    ],
)
def test_an_invalid_event_is_refused_with_the_reason(folder, event, reason):
    with pytest.raises(InterchangeError, match=reason):
        import_run(edited(folder, events=[event]))


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"hidden_dimensio": 8}, "Did you mean 'hidden_dimension'"),
        ({"hidden_dimension": 10**9}, "Weights and biases: at most"),
        ({"hidden_dimension": [8, None]}, "whole numbers"),
        ({"hidden_dimension": "8"}, "whole numbers"),
        ({"hidden_layers": 10**12}, "hidden_layers: at most 100"),
        ({"num_master_sequences": 10**9}, "num_master_sequences: at most"),
        ({"master_sequence_length": [5, 10**9]}, "master_sequence_length: at most"),
        (
            {"num_master_sequences": 10**5, "master_sequence_length": [8, 1000]},
            "Tokens of all master sequences: at most",
        ),
        ({"master_sequences": ["abcdabcd"] * 100_001}, "Master sequences: at most"),
        ({"sequence_length": 10**8, "master_sequence_length": [8, 10**6]}, "Tokens of all windows"),
        ({"num_samples": 10**10}, "num_samples: at most"),
        ({"master_sequences": 7}, "must be a text, or a list"),
        ({"vocabulary": None}, "vocabulary must be a list"),
        ({"vocabulary": [["a"]]}, "vocabulary must be"),
        ({"validation_fraction": "half"}, "validation_fraction must be"),
        ({"activation": [["gelu"], ["gelu"]]}, "not usable"),
        ({"seed": -1}, "seed must be"),
        ({"batch_size": 10**6, "num_samples": 10**6, "hidden_dimension": 1000}, "Activations"),
    ],
)
def test_an_invalid_configuration_is_refused_with_the_reason(folder, config, reason):
    began = time.process_time()
    with pytest.raises(InterchangeError, match=reason):
        import_run(edited(folder, config={**SMALL, **config}))
    assert time.process_time() - began < 1


@pytest.mark.parametrize("name", ["", "  ", None, 7, "x" * 201])
def test_an_invalid_name_is_refused(folder, name):
    with pytest.raises(InterchangeError, match="A run.s name|A run needs a name"):
        import_run(edited(folder, name=name))


def test_a_position_other_than_that_of_the_events_is_refused(folder):
    with pytest.raises(InterchangeError, match="The events lead to"):
        import_run(edited(folder, position={"step": 3, "epoch": 0, "sample": 0}))


def test_a_later_version_is_refused_with_both_versions(folder):
    with pytest.raises(InterchangeError, match=r"Version 1 can be read; got 2"):
        import_run(edited(folder, version=2))


@pytest.mark.parametrize(
    "text", ["", "[", "[]", "{}", "[" * 100_000, '{"format": NaN}', "9" * 5000, "\ud800"]
)
def test_json_of_another_format_is_refused(folder, text):
    (folder / "SHA256SUMS").unlink()
    (folder / "run.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(InterchangeError, match=r"run\.json"):
        import_run(folder)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("first", "first.zip"),
        ("Größe 2 (a-b)", "Größe 2 (a-b).zip"),
        ("../../etc/passwd", "_.._etc_passwd.zip"),
        ("C:\\x", "C__x.zip"),
        ("..", "run.zip"),
        ("CON", "run_CON.zip"),
        ("nul.txt", "run_nul.txt.zip"),
        ("a\x00b\nc", "a_b_c.zip"),
        (".hidden", "hidden.zip"),
    ],
)
def test_a_runs_name_gives_a_portable_file_name(name, expected):
    assert file_name(name, ".zip") == expected


def test_a_file_name_fits_every_file_system():
    assert len(file_name("日" * 300, ".zip").encode()) <= 255
