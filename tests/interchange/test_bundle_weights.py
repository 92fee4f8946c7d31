"""Export and import of the weights that were loaded into a run."""

import io
import json
import zipfile

import numpy as np
import pytest
from hypothesis import given
from safetensors.numpy import load, save
from stores import SMALL, everything, train

from backprop_panel import TrainingRun, TrainingRunManager
from backprop_panel.interchange import (
    InterchangeError,
    bundle_weights,
    import_run,
    load_weights,
    read_run,
)
from backprop_panel.interchange import bounded_replay as replaying
from tests.bundles import exported, unzipped, weights_file
from tests.training.test_checkpoints import do, histories, quick, small_run

LOADED = "loaded_weights.safetensors"


def loading_run():
    """A run with three loads, two of them of one file, and training before, between and after."""
    run = TrainingRun("loading", {**SMALL, "optimizer": "adam"})
    for seed in (1, 2, 1):
        train(run, 5)
        run.load_weights(weights_file(run.model.network, seed))
    train(run, 5)
    return run


@pytest.fixture(scope="module")
def run():
    return loading_run()


@pytest.fixture(params=["replayed", "resumed"])
def files(request, run, monkeypatch):
    """The run's files, for a replay at import or with checkpoints."""
    if request.param == "resumed":
        monkeypatch.setattr(replaying, "MOST_UPDATES", 10)
    return unzipped(exported(run))


def zipped(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def edited(files, change):
    """The files with other loaded weights and matching checksums."""
    kept = {name: data for name, data in files.items() if name != "SHA256SUMS"}
    rows = load(files[LOADED])["parameters"].copy()
    return zipped({**kept, LOADED: save(change(rows))})


def past(run):
    """The complete state of a run, without its name, its id and its checkpoints."""
    return {
        name: value for name, value in everything(run).items() if name not in ("id", "checkpoints")
    }


def test_a_run_comes_back_bit_for_bit(run, files):
    back = import_run(zipped(files))
    for step in range(run.trainer.step + 1):
        again, deviation = back.replay(step)
        assert again.state().digest() == run.replay(step).engine.state().digest()
        assert not deviation
    assert back.trainer.engine.events == run.trainer.engine.events
    assert everything(back)["tensors"] == everything(run)["tensors"]


def test_an_imported_run_trains_on_and_resets_as_the_exported_one(files):
    run, back = loading_run(), import_run(zipped(files))
    assert train(back, 10) == train(run, 10)
    back.reset()
    assert train(back, 10) == train(TrainingRun("fresh", {**SMALL, "optimizer": "adam"}), 10)


def test_an_imported_run_is_exported_as_the_same_bytes(files):
    assert unzipped(exported(import_run(zipped(files)))) == files


@quick
@given(deeds=histories)
def test_any_run_comes_back_with_its_loaded_weights(deeds):
    run = small_run()
    do(run, deeds)
    back, _ = read_run(exported(run))
    assert past(back) == past(run)


@quick
@given(deeds=histories)
def test_any_long_run_comes_back_with_its_loaded_weights(deeds):
    run = small_run()
    do(run, [("train", 11), *deeds])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replaying, "MOST_UPDATES", 10)
        data = exported(run)
    assert "checkpoints.json" in unzipped(data)
    back, _ = read_run(data)
    assert past(back) == past(run)


def test_equal_loaded_weights_are_exported_once(files):
    assert len(load(files[LOADED])["parameters"]) == 2


def test_a_run_without_loaded_weights_has_no_file_of_them():
    assert LOADED not in unzipped(exported(TrainingRun("plain", SMALL)))


def test_the_checksums_cover_the_loaded_weights(run, files):
    changed = load(files[LOADED])["parameters"] + np.float32(1)
    with pytest.raises(InterchangeError, match=f"{LOADED} is not as it was exported"):
        import_run(zipped({**files, LOADED: save({"parameters": changed})}))


def test_a_store_keeps_an_imported_run_with_its_loaded_weights(run, files, tmp_path):
    manager = TrainingRunManager(tmp_path / "runs.sqlite")
    kept = manager.add(import_run(zipped(files)))
    before = everything(kept)
    manager.close()
    manager = TrainingRunManager(tmp_path / "runs.sqlite")
    assert everything(manager.current) == before
    manager.close()


REFUSED = {
    "another digest": (lambda rows: {"parameters": rows + np.float32(0.5)}, "does not hold"),
    "a row less": (lambda rows: {"parameters": rows[1:].copy()}, "does not hold"),
    "narrow": (lambda rows: {"parameters": rows[:, 1:].copy()}, "rows of"),
    "flat": (lambda rows: {"parameters": rows[0].copy()}, "rows of"),
    "one number": (lambda rows: {"parameters": np.array(1, np.float32)}, "rows of"),
    "deep": (lambda rows: {"parameters": rows[:, :, np.newaxis]}, "rows of"),
    "renamed": (lambda rows: {"parameter": rows}, "rows of"),
    "more": (lambda rows: {"parameters": rows, "others": rows}, "rows of"),
    "none": (lambda rows: {}, "rows of"),
    "double": (lambda rows: {"parameters": rows.astype(float)}, "F32 is expected"),
    "not finite": (lambda rows: {"parameters": rows * np.float32("nan")}, "finite"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_invalid_loaded_weights_are_refused(files, kind):
    change, reason = REFUSED[kind]
    with pytest.raises(InterchangeError, match=reason):
        import_run(edited(files, change))


def test_events_with_missing_weights_are_refused(files):
    kept = {name: data for name, data in files.items() if name not in (LOADED, "SHA256SUMS")}
    with pytest.raises(InterchangeError, match=f"{LOADED} is missing"):
        import_run(zipped(kept))


@pytest.mark.parametrize("digest", [None, 1, "", "x" * 100_000, ["a"]], ids=lambda d: repr(d)[:9])
def test_an_event_with_another_digest_is_refused(files, digest):
    entries = json.loads(files["run.json"])
    entries["events"][1]["digest"] = digest
    kept = {name: data for name, data in files.items() if name != "SHA256SUMS"}
    with pytest.raises(InterchangeError, match=r"Not an event|does not hold"):
        import_run(zipped({**kept, "run.json": json.dumps(entries).encode()}))


def test_too_many_loaded_weights_are_refused(files, monkeypatch):
    monkeypatch.setattr(bundle_weights, "MOST_LAYERS_PASSED", 5)
    with pytest.raises(InterchangeError, match="times layers: at most 5 are allowed, got 6"):
        import_run(zipped(files))


def test_many_loads_make_a_run_too_long_for_replay(monkeypatch):
    monkeypatch.setattr(replaying, "MOST_PRODUCTS", 1_000_000)
    small = TrainingRun("small", SMALL)
    assert "checkpoints.json" not in unzipped(exported(small))
    small.trainer.run_step()
    file = weights_file(small.model.network)
    for _ in range(1_000_000 // (32 * small.model.network.size) + 1):
        small.load_weights(file)
    data = exported(small)
    assert "checkpoints.json" in unzipped(data)
    assert past(import_run(data)) == past(small)


def test_the_model_of_an_imported_run_refuses_unlogged_weights(files):
    back = import_run(zipped(files))
    with pytest.raises(InterchangeError, match="the run 'loading'"):
        load_weights(back.model, weights_file(back.model.network))
