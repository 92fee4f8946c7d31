"""Resets and deletions are taken back, with and without a store."""

from contextlib import closing

import numpy as np
import pytest

from backprop_panel import SettingError, TrainingRunManager
from backprop_panel.views.state.session import Session
from tests.stores import everything


@pytest.fixture(params=[None, "runs.sqlite"], ids=["memory", "store"])
def session(request, tmp_path):
    manager = TrainingRunManager(request.param and tmp_path / request.param)
    yield session_of(manager)
    manager.close()


def session_of(manager):
    """Return a session whose run was trained and changed."""
    run = manager.create(num_samples=64, hidden_dimension=4)
    run.trainer.run_epoch()
    run.trainer.change(learning_rate=0.5)
    run.trainer.engine.edits.set_weight(0, 1, 2, 0.25)
    run.trainer.run_batch()
    return Session(manager)


def all_but_checkpoints(run):
    """Return what a run is; checkpoints only make replays short."""
    return {name: value for name, value in everything(run).items() if name != "checkpoints"}


def test_a_reset_is_taken_back_bit_for_bit(session):
    run = session.run
    before = all_but_checkpoints(run)
    session.reset()
    assert run.trainer.step == 0
    assert session.undo.label == f"reset of {run.name}"
    session.take_back()
    assert all_but_checkpoints(run) == before
    assert session.record.step == run.trainer.step
    assert session.undo.label == ""


def test_a_run_goes_on_after_a_reset_is_taken_back(session):
    run = session.run
    other = session.manager.fork(run.id)
    session.manager.switch(run.id)
    session.reset()
    session.run_batch()
    session.take_back()
    assert run.trainer.run_batch().loss == other.trainer.run_batch().loss


def test_a_deleted_run_comes_back_with_its_name_and_history(session):
    run = session.run
    before = all_but_checkpoints(run)
    session.manager.create(num_samples=64)
    session.manager.switch(run.id)
    session.delete()
    assert run not in session.manager.runs
    session.take_back()
    assert session.run is run
    assert all_but_checkpoints(run) == before


def test_what_was_taken_back_is_saved(tmp_path):
    manager = TrainingRunManager(tmp_path / "runs.sqlite")
    session = session_of(manager)
    run = session.run
    other = manager.create(num_samples=64)
    manager.switch(run.id)
    before = all_but_checkpoints(run)
    session.reset()
    session.take_back()
    session.delete()
    session.take_back()
    manager.close()
    with closing(TrainingRunManager(tmp_path / "runs.sqlite")) as manager:
        again = {each.id: each for each in manager.runs}
        assert all_but_checkpoints(again[run.id]) == before
        assert set(again) == {run.id, other.id}


def test_deeds_are_taken_back_in_reverse_order(session):
    run = session.run
    session.manager.create(num_samples=64)
    session.manager.switch(run.id)
    session.reset()
    session.delete()
    assert session.undo.label == f"deletion of {run.name}"
    session.take_back()
    assert session.undo.label == f"reset of {run.name}"
    session.take_back()
    assert run.trainer.step > 0


def test_a_refused_deletion_leaves_nothing_to_take_back(session):
    with pytest.raises(SettingError, match="is the only run"):
        session.delete()
    assert session.undo.label == ""
    session.take_back()


def test_a_reset_fork_returns_to_its_fork_point_and_says_so(session):
    parent = session.run
    fork = session.manager.fork(parent.id, 2, learning_rate=0.125)
    at_fork = fork.at(2).weights
    session.run_batch()
    session.reset()
    assert fork.trainer.step == 2
    assert fork.trainer.learning_rate == 0.125
    assert all(map(np.array_equal, fork.model.weights, at_fork))
    assert session.undo.label == f"reset of {fork.name} to step 2, where it was forked"


@pytest.mark.parametrize("deed", ["reset", "delete"])
def test_the_difference_that_was_shown_comes_back_with_the_run(session, deed):
    run = session.run
    session.manager.create(num_samples=64)
    session.manager.switch(run.id)
    before = run.replay(2).engine
    session.param.update(subtracted=before, subtracted_run=run)
    getattr(session, deed)()
    assert session.subtracted is None
    session.take_back()
    assert session.run is run
    assert (session.subtracted, session.subtracted_run) == (before, run)


def test_what_was_trained_after_a_reset_is_kept_as_a_run_of_its_own(session):
    run = session.run
    before = all_but_checkpoints(run)
    session.reset()
    session.run_batch()
    since = run.history["loss"].tolist()
    session.take_back()
    assert session.run is run and all_but_checkpoints(run) == before
    (kept,) = (other for other in session.manager.runs if other is not run)
    assert kept.name == f"{run.name} (2)"
    assert kept.history["loss"].tolist() == since
    assert kept.parent is None  # it has no step of the other
    session.manager.switch(kept.id)
    session.reset()
    assert kept.trainer.step == 0


def test_a_reset_is_taken_back_of_a_run_that_another_window_deleted_since(tmp_path):
    with (
        closing(TrainingRunManager(tmp_path / "runs.sqlite")) as manager,
        closing(TrainingRunManager(tmp_path / "runs.sqlite")) as other,
    ):
        session = session_of(manager)
        run, before = session.run, all_but_checkpoints(session.run)
        manager.create(num_samples=64)
        manager.switch(run.id)
        session.reset()
        session.leave()
        other.refresh()
        other.delete(run.id)
        manager.refresh()
        assert session.run is not run
        session.take_back()
        assert session.run is run and all_but_checkpoints(run) == before
        session.leave()
        other.refresh()
        assert all_but_checkpoints(other.run(run.id)) == before


def test_nothing_is_kept_of_a_reset_that_cannot_be_taken_back(tmp_path):
    with (
        closing(TrainingRunManager(tmp_path / "runs.sqlite")) as manager,
        closing(TrainingRunManager(tmp_path / "runs.sqlite")) as other,
    ):
        session = session_of(manager)
        session.reset()
        session.leave()
        other.refresh()
        other.runs[0].trainer.run_batch()  # which claims it
        assert not session.attempt("runs", session.take_back)
        assert "another window" in session.mistakes["runs"]
        assert manager.runs == [session.run] and session.undo.label
