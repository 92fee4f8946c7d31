"""A run with a fault is repeated, reset, forked, stored and exported bit for bit."""

import numpy as np
import pytest
from stores import everything, train

from backprop_panel import SettingError, TrainingRunManager
from backprop_panel.interchange import InterchangeError, bounded_replay, import_run
from backprop_panel.nn.faults import FAULTS
from backprop_panel.training import checkpoints
from backprop_panel.training.checkpoints import Checkpoints
from tests.bundles import exported, unzipped, zipped

keys = pytest.mark.parametrize("fault", FAULTS)
remembering = pytest.mark.parametrize("fault", ["accumulated_gradients", "stale_activations"])

SUITED = {
    "num_samples": 60,
    "hidden_dimension": 5,
    "loss_type": "cross_entropy",
    "optimizer": "adam",
    "batch_size": 7,
    "learning_rate": 0.05,
}
"""Settings with which every fault can act."""


@pytest.fixture(autouse=True)
def dense_checkpoints(monkeypatch):
    """Checkpoints after every block of steps, however long their copying takes."""
    monkeypatch.setattr(checkpoints, "SPACING_SECONDS", 0)
    monkeypatch.setattr(checkpoints, "COPY_SHARE", np.inf)


def faulty_run(fault, manager=None, at_first=False):
    """A run with a fault from its 6th step on, or from the first."""
    manager = manager or TrainingRunManager()
    run = manager.create(**SUITED, fault=fault if at_first else None)
    train(run, 6)
    run.trainer.change(fault=fault)
    train(run, 4)
    run.trainer.run_step()
    run.trainer.change(learning_rate=0.02, batch_size=9)
    train(run, 8)
    return run


def state_of(run):
    return run.trainer.engine.state().digest()


def without_checkpoints(run):
    run.trainer.engine.checkpoints = Checkpoints()
    return run


@keys
@pytest.mark.parametrize("at_first", [False, True])
def test_replays_from_any_checkpoint_equal_those_from_the_beginning(fault, at_first):
    run = faulty_run(fault, at_first=at_first)
    steps = range(run.trainer.step + 1)
    near = [run.replay(step) for step in steps]
    far = [without_checkpoints(run).replay(step) for step in steps]
    for one, other in zip(near, far, strict=True):
        assert (one.deviation, other.deviation) == ("", "")
        assert one.engine.state().digest() == other.engine.state().digest()
    assert near[-1].engine.state().digest() == state_of(run)


@keys
def test_a_step_again_gives_the_record_that_it_had(fault):
    run = faulty_run(fault)
    record = run.trainer.run_batch()
    train(run, 3)
    again = run.step_again(record.step).record
    assert again.loss == record.loss
    for ours, theirs in zip(again.layer_updates, record.layer_updates, strict=True):
        assert np.array_equal(ours, theirs)


@keys
def test_a_run_with_a_fault_begins_again_after_a_reset(fault):
    run = faulty_run(fault, at_first=True)
    losses = run.history["loss"].tolist()
    run.reset()
    assert run.trainer.fault == fault
    assert state_of(run) == run.replay(0).engine.state().digest()
    assert train(run, 6) == losses[:6]


@keys
def test_a_fork_goes_on_as_its_parent(fault):
    manager = TrainingRunManager()
    run = faulty_run(fault, manager)
    fork = manager.fork(run.id, 12)
    assert fork.trainer.fault == fault
    assert train(fork, run.trainer.step - 12) == run.history["loss"][12:].tolist()


def test_a_fork_may_be_without_the_fault():
    manager = TrainingRunManager()
    run = faulty_run("wrong_sign", manager)
    mended = manager.fork(run.id, 6, fault=None)
    train(mended, 30)
    assert mended.history["loss"][-10:].mean() < run.history["loss"][-1]


@keys
def test_a_stored_run_trains_on_as_one_in_memory(fault, tmp_path):
    path = tmp_path / "runs.sqlite"
    undisturbed = faulty_run(fault)
    manager = TrainingRunManager(path)
    before = everything(faulty_run(fault, manager))
    manager.close()
    manager = TrainingRunManager(path)
    try:
        run = manager.current
        assert everything(run) == before
        assert train(run, 9) == train(undisturbed, 9)
        assert (
            run.replay(13).engine.state().digest() == undisturbed.replay(13).engine.state().digest()
        )
    finally:
        manager.close()


@keys
@pytest.mark.parametrize("most_updates", [bounded_replay.MOST_UPDATES, 3])
def test_an_exported_run_trains_on_as_the_original(fault, most_updates, monkeypatch):
    """By a replay; or, as a long run, from its checkpoints."""
    monkeypatch.setattr(bounded_replay, "MOST_UPDATES", most_updates)
    run = faulty_run(fault)
    files = unzipped(exported(run))
    assert ("checkpoints.json" in files) == (most_updates == 3)
    back = import_run(zipped(files))
    assert state_of(back) == state_of(run)
    assert back.trainer.fault == fault
    assert train(back, 9) == train(run, 9)
    for step in (7, 12):
        replays = [each.replay(step).engine.state().digest() for each in (run, back)]
        assert replays[0] == replays[1]


@remembering
def test_a_bundle_whose_memory_does_not_fit_its_fault_is_refused(fault, monkeypatch):
    monkeypatch.setattr(bounded_replay, "MOST_UPDATES", 3)
    files = unzipped(exported(faulty_run(fault)))
    del files["SHA256SUMS"]
    other = {"accumulated_gradients": "wrong_sign", "stale_activations": "no_bias_gradient"}[fault]
    files["run.json"] = files["run.json"].replace(fault.encode(), other.encode())
    with pytest.raises(InterchangeError, match="are remembered at step"):
        import_run(zipped(files))


def test_a_bundle_with_a_fault_that_cannot_act_is_refused():
    files = unzipped(exported(faulty_run("no_bias_correction")))
    del files["SHA256SUMS"]
    files["run.json"] = files["run.json"].replace(b'"adam"', b'"sgd"')
    with pytest.raises(InterchangeError, match="'no_bias_correction' needs the optimizer adam"):
        import_run(zipped(files))


def test_a_fault_is_an_event_and_a_setting_of_the_run():
    run = faulty_run("wrong_sign")
    changed = [event for event in run.trainer.engine.events if hasattr(event, "settings")]
    assert (changed[0].step, changed[0].settings) == (6, {"fault": "wrong_sign"})
    assert run.settings["fault"] == "wrong_sign"
    assert run.config["fault"] is None


def test_a_fork_with_a_fault_that_cannot_act_is_refused():
    manager = TrainingRunManager()
    run = manager.create(num_samples=60)
    with pytest.raises(SettingError, match="needs the loss function cross_entropy"):
        manager.fork(run.id, fault="double_softmax")
    assert manager.runs == [run]
