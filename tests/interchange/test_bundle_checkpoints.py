"""Export and import of a long run, with checkpoints in place of a replay."""

import io
import json
import zipfile
from itertools import pairwise

import numpy as np
import pytest
from safetensors.numpy import load, save

from backprop_panel import TrainingRun, TrainingRunManager
from backprop_panel.interchange import (
    ExportWarning,
    InterchangeError,
    config_validation,
    export_run,
    import_run,
    run_bundle,
)
from backprop_panel.interchange import bounded_replay as replaying
from backprop_panel.training import checkpoints
from tests.bundles import exported, unzipped, weights_file

PLACES = "checkpoints.json"
ARRAYS = "checkpoints.safetensors"
HISTORY = "history.csv"


@pytest.fixture(scope="module", autouse=True)
def low_limit():
    """Treat runs of more than twenty updates as long, and keep a checkpoint after each block."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replaying, "MOST_UPDATES", 20)
        patch.setattr(checkpoints, "SPACING_SECONDS", 0)
        patch.setattr(checkpoints, "COPY_SHARE", np.inf)
        yield


@pytest.fixture(scope="module")
def run():
    """A run with every kind of event, three optimizers, and a change after its last step."""
    run = TrainingRun("long", {"num_samples": 70, "hidden_dimension": 6, "batch_size": 16})
    trainer, engine = run.trainer, run.trainer.engine
    trainer.run_epoch()
    trainer.optimizer = "adam"
    trainer.run_epoch()
    engine.edits.set_weight(0, 1, 2, 0.5)
    engine.edits.freeze(1, True)
    run.load_weights(weights_file(engine.network))
    trainer.change(learning_rate=0.01, weight_decay=0.001, loss_type="cross_entropy")
    trainer.run_epoch()
    trainer.change(optimizer="momentum", batch_size=10)
    engine.edits.freeze(1, False)
    for _ in range(10):
        trainer.run_batch()
    trainer.learning_rate = 0.02
    return run


@pytest.fixture(scope="module")
def files(run):
    return unzipped(exported(run))


@pytest.fixture
def back(files):
    return import_run(zipped(files))


def zipped(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def edited(files, name, change):
    """The files with one of them changed, and without checksums."""
    kept = {other: data for other, data in files.items() if other != "SHA256SUMS"}
    return zipped({**kept, name: change(files[name])})


def with_place(files, number, **fields):
    """The files with the position of one checkpoint changed."""

    def change(data):
        places = json.loads(data)
        places[number] |= fields
        return json.dumps(places).encode()

    return edited(files, PLACES, change)


def with_arrays(files, change):
    return edited(files, ARRAYS, lambda data: save(change(load(data))))


def lines(change):
    return lambda data: b"\n".join(change(data.split(b"\n")))


def test_only_a_long_run_is_exported_with_checkpoints(files):
    short = TrainingRun("short", {"num_samples": 70})
    short.trainer.run_epoch()
    assert not {PLACES, ARRAYS} & set(unzipped(exported(short)))
    assert {PLACES, ARRAYS} <= set(files)


def test_a_long_run_comes_back_without_a_replay(run, files, monkeypatch):
    monkeypatch.delattr("backprop_panel.training.engine.Engine.advance")
    assert import_run(zipped(files)).trainer.step == run.trainer.step


def test_state_and_log_come_back_bit_for_bit(run, back):
    assert back.trainer.engine.state().digest() == run.trainer.engine.state().digest()
    assert back.trainer.engine.events == run.trainer.engine.events
    assert (back.name, back.config, back.settings) == (run.name, run.config, run.settings)


def test_the_history_comes_back_bit_for_bit(run, back):
    for name, column in run.history.items():
        assert np.array_equal(back.history[name], column, equal_nan=True)


def test_checkpoints_come_back_bit_for_bit(run, back):
    digests = [state.digest() for state in back.trainer.engine.checkpoints.states]
    kept = run.trainer.engine.checkpoints.states
    assert digests == [state.digest() for state in kept if state.step < run.trainer.step]


def test_every_step_of_a_long_run_is_replayed_bit_for_bit(run, back):
    for step in range(run.trainer.step + 1):
        again, deviation = back.replay(step)
        assert again.state().digest() == run.replay(step).engine.state().digest()
        assert not deviation


def test_a_long_run_trains_on_as_the_exported_one():
    run = TrainingRun("on", {"num_samples": 70, "optimizer": "adam"})
    for _ in range(12):
        run.trainer.run_epoch()
    back = import_run(exported(run))
    assert [back.trainer.run_batch().loss for _ in range(7)] == [
        run.trainer.run_batch().loss for _ in range(7)
    ]


def test_an_imported_run_is_exported_as_the_same_bytes(files, back):
    assert unzipped(exported(back)) == files


def test_a_store_keeps_an_imported_run_with_its_checkpoints(files, back, tmp_path):
    manager = TrainingRunManager(tmp_path / "runs.db")
    try:
        manager.add(back)
        digest = back.replay(3).engine.state().digest()
    finally:
        manager.close()
    manager = TrainingRunManager(tmp_path / "runs.db")
    try:
        assert manager.current.replay(3).engine.state().digest() == digest
    finally:
        manager.close()


def test_a_run_exported_in_visualize_mode_comes_back_in_that_mode():
    run = TrainingRun("look", {"num_samples": 70})
    for _ in range(12):
        run.trainer.run_epoch()
    run.trainer.mode = "visualize"
    assert import_run(exported(run)).trainer.mode == "visualize"


def test_a_run_with_diverged_weights_comes_back():
    run = TrainingRun("off", {"num_samples": 70, "learning_rate": 1e20, "loss_type": "mse"})
    for _ in range(12):
        run.trainer.run_epoch()
    assert not np.isfinite(run.model.network.parameters).all()
    back = import_run(exported(run)).model.network.parameters
    assert np.array_equal(back, run.model.network.parameters, equal_nan=True)


def test_an_export_whose_files_are_too_large_for_an_import_is_told(run, monkeypatch):
    exported(run)  # without a warning
    monkeypatch.setitem(run_bundle.LIMITS, HISTORY, 100)
    with pytest.warns(ExportWarning, match=r"again\. Bytes of history\.csv: at most 100 "):
        exported(run)


def test_an_export_whose_zip_is_too_large_for_an_import_is_told(run, monkeypatch, tmp_path):
    monkeypatch.setattr(run_bundle, "MOST_ARCHIVE_BYTES", 100)
    export_run(run, tmp_path / "folder")  # it is no zip
    for target in (tmp_path / "run.zip", io.BytesIO()):
        with pytest.warns(ExportWarning, match="Bytes of the zip: at most 100 "):
            export_run(run, target)


def test_an_export_of_a_network_too_large_for_an_import_is_told(run, monkeypatch):
    monkeypatch.setattr(config_validation, "MOST_NUMBERS", 1000)
    with pytest.warns(ExportWarning, match="too large to be imported again.*at most 1,000 are"):
        exported(run)


@pytest.mark.parametrize("missing", [ARRAYS, HISTORY])
def test_a_missing_file_of_checkpoints_is_named(files, missing):
    kept = {name: data for name, data in files.items() if name not in (missing, "SHA256SUMS")}
    with pytest.raises(InterchangeError, match=f"{missing} is missing"):
        import_run(zipped(kept))


@pytest.mark.parametrize(
    "fields",
    [
        {"step": -1},
        {"step": 1.5},
        {"step": 10**30},
        {"epoch": -1},
        {"position": 70},
        {"position": "0"},
        {"events": None},
        {"rules": []},
        {"rules": {"sgd": -1}},
        {"rules": {"another": 1}},
        {"rules": {}},
        {"more": 1},
    ],
    ids=str,
)
def test_an_invalid_checkpoint_is_refused(files, fields):
    with pytest.raises(InterchangeError, match=PLACES):
        import_run(with_place(files, 1, **fields))


def test_a_checkpoint_outside_its_last_event_is_refused(files):
    with pytest.raises(InterchangeError, match="in an event of the steps"):
        import_run(with_place(files, 0, events=2))


def test_checkpoints_that_end_before_the_events_are_refused(files):
    def shorten(data):
        return json.dumps(json.loads(data)[:-1]).encode()

    without_last = edited(files, PLACES, shorten)
    with pytest.raises(InterchangeError, match="are expected by"):
        import_run(without_last)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"[1]", b"[" * 100_000, b"\xff"], ids=repr)
def test_checkpoints_that_cannot_be_read_are_refused(files, data):
    with pytest.raises(InterchangeError, match=PLACES):
        import_run(edited(files, PLACES, lambda _: data))


@pytest.mark.parametrize(
    "change",
    [
        lambda arrays: {**arrays, "more": arrays["parameters"]},
        lambda arrays: {name: each for name, each in arrays.items() if name != "adam.mean"},
        lambda arrays: {**arrays, "parameters": arrays["parameters"][:, 1:]},
        lambda arrays: {**arrays, "parameters": arrays["parameters"][1:]},
        lambda arrays: {**arrays, "parameters": arrays["parameters"].ravel()},
        lambda arrays: {},
    ],
    ids=["one more", "one less", "narrow", "short", "flat", "none"],
)
def test_arrays_of_other_checkpoints_are_refused(files, change):
    with pytest.raises(InterchangeError, match="are expected by"):
        import_run(with_arrays(files, change))


def test_a_last_checkpoint_other_than_the_weights_causes_a_warning(files):
    def move(arrays):
        moved = arrays["parameters"].copy()
        moved[-1] += np.float32(0.25)
        return {**arrays, "parameters": moved}

    with pytest.warns(run_bundle.ReplayWarning, match=r"by up to 0\.25"):
        import_run(with_arrays(files, move))


def test_a_checkpoint_other_than_training_gives_is_a_deviation(files, run):
    steps = [state.step for state in run.trainer.engine.checkpoints.states]
    number = next(n for n, (one, other) in enumerate(pairwise(steps)) if other > one + 1)

    def move(arrays):
        moved = arrays["parameters"].copy()
        moved[number] += np.float32(0.25)
        return {**arrays, "parameters": moved}

    back = import_run(with_arrays(files, move))
    deviation = back.replay(steps[number] + 1).deviation
    assert "gives losses other than the recorded ones" in deviation


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda rows: [b"step,loss", *rows[1:]], "columns must be"),
        (lambda rows: [*rows[:-2], rows[-1]], "rows for"),
        (lambda rows: [rows[0], rows[2], rows[1], *rows[3:]], "do not count"),
        (lambda rows: [rows[0], b"1,0,x,0,0", *rows[2:]], "cannot be read"),
        (lambda rows: [rows[0], b"1,0,0", *rows[2:]], "cannot be read"),
        (lambda rows: [rows[0], b"", *rows[2:]], "cannot be read"),
        (lambda rows: [rows[0], b"1,0,\xff,0,0", *rows[2:]], "cannot be read"),
        (lambda rows: [rows[0], b"1,9999,0,0,0", *rows[2:]], "epochs do not follow"),
        (lambda rows: [rows[0], b"1,99999999999999,0,0,0", *rows[2:]], "cannot be read"),
    ],
)
def test_a_history_of_another_run_is_refused(files, change, reason):
    with pytest.raises(InterchangeError, match=reason):
        import_run(edited(files, HISTORY, lines(change)))


def test_events_in_a_form_that_no_run_logs_are_refused(files, run):
    assert run.trainer.engine.events[0].updates > 1

    def split(data):
        entries = json.loads(data)
        whole = entries["events"][0]
        parts = [
            {**whole, "updates": 1},
            {**whole, "step": 1, "updates": whole["updates"] - 1},
        ]
        entries["events"] = [*parts, *entries["events"][1:]]
        return json.dumps(entries).encode()

    with pytest.raises(InterchangeError, match=r"event of the steps|do not belong together"):
        import_run(edited(files, "run.json", split))
