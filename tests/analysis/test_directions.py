"""Directions through parameter space, held to a singular value decomposition of the path."""

from threading import Event

import numpy as np
import pytest

from backprop_panel import SettingError, TrainingRunManager
from backprop_panel.analysis.directions import FEW_STATES, MOST_STATES, directions_of
from backprop_panel.analysis.record_cell import RecordCell
from backprop_panel.training.worker import StopWhen

TWO = (RecordCell("weights", 0, (3, 1)), RecordCell("biases", 2, (2,)))


def run_of(steps, **config):
    run = TrainingRunManager().create(
        **{"num_samples": 64, "hidden_dimension": 6, "learning_rate": 0.1} | config
    )
    for _ in range(steps):
        run.trainer.run_batch()
    return run


@pytest.fixture(scope="module")
def run():
    return run_of(30)


def parameters_at(run, step):
    return run.replay(step).engine.network.parameters.astype(np.float64)


def test_main_directions_are_those_of_a_singular_value_decomposition(run):
    found = directions_of(run)
    states = np.array([parameters_at(run, step) for step in found.steps])
    _, values, vectors = np.linalg.svd(states - states.mean(axis=0), full_matrices=False)
    for axis, vector in zip(found.axes, vectors[:2], strict=True):
        assert abs(axis @ vector) == pytest.approx(1, abs=1e-5)
    assert found.shares == pytest.approx((values[:2] ** 2 / (values**2).sum()).tolist())
    np.testing.assert_allclose(found.axes @ found.axes.T, np.eye(2), atol=1e-5)


def test_the_path_leads_from_the_beginning_to_the_present(run):
    found = directions_of(run)
    assert (found.steps[0], found.steps[-1]) == (0, 30)
    assert (np.diff(found.steps) > 0).all()
    np.testing.assert_array_equal(found.centre, run.trainer.engine.network.parameters)
    np.testing.assert_array_equal(found.path[-1], [0, 0])
    assert (found.path[0] <= 0).all()


def test_the_path_holds_the_projected_states(run):
    found = directions_of(run)
    for step, point in zip(found.steps.tolist(), found.path, strict=True):
        offset = parameters_at(run, step) - found.centre
        np.testing.assert_allclose(point, found.axes.astype(float) @ offset, atol=1e-9)
        np.testing.assert_array_equal(found.project(parameters_at(run, step)), point)


def test_the_path_leads_through_what_was_set_by_hand_right_after_a_checkpoint():
    run = run_of(1)
    assert [state.step for state in run.trainer.engine.checkpoints.states] == [1]
    run.trainer.engine.edits.set_weight(0, 0, 0, 5.0)
    for _ in range(5):
        run.trainer.run_batch()
    found = directions_of(run)
    assert found.steps[1] == 1
    np.testing.assert_array_equal(found.path[1], found.project(parameters_at(run, 1)))


def test_a_short_run_is_repeated_for_states_between_its_checkpoints(run):
    assert len(run.trainer.engine.checkpoints.states) < 6
    assert len(directions_of(run).steps) >= FEW_STATES


def test_a_long_run_is_not_repeated(run, monkeypatch):
    monkeypatch.setattr("backprop_panel.analysis.directions.MOST_REPEATED", 1)
    kept = {state.step for state in run.trainer.engine.checkpoints.states}
    found = directions_of(run, TWO)
    assert set(found.steps.tolist()) == {0, 30} | kept


def test_a_path_of_many_checkpoints_takes_some_of_them_evenly(monkeypatch):
    monkeypatch.setattr("backprop_panel.training.checkpoints.SPACING_SECONDS", 0)
    monkeypatch.setattr("backprop_panel.training.checkpoints.COPY_SHARE", 1e9)
    steps = directions_of(run_of(300)).steps
    assert len(steps) == MOST_STATES
    assert (steps[0], steps[-1]) == (0, 300)
    assert np.diff(steps).max() <= 7


def test_two_weights_span_a_plane_of_their_own_values(run):
    found = directions_of(run, TWO)
    assert found.shares is None
    for step, point in zip(found.steps.tolist(), found.path, strict=True):
        state = run.at(step)
        expected = [state.weights[0][3, 1], state.biases[2][2]]
        np.testing.assert_allclose(point, expected, atol=1e-7)
    present = found.centre + found.path[-1].astype(np.float32) @ found.axes
    np.testing.assert_array_equal(present, run.trainer.engine.network.parameters)


def test_a_run_that_trains_meanwhile_ends_at_a_checkpoint(monkeypatch):
    monkeypatch.setattr("backprop_panel.training.checkpoints.SPACING_SECONDS", 0.01)
    run, waiting = run_of(5), Event()
    run.worker.start(StopWhen())
    try:
        while len(run.trainer.engine.checkpoints.states) < 3:
            waiting.wait(0.001)
        found = directions_of(run)
    finally:
        run.worker.stop()
    kept = {state.step for state in run.trainer.engine.checkpoints.states}
    assert found.steps[-1] in kept
    assert set(found.steps.tolist()) <= kept | {0}  # none was repeated
    np.testing.assert_array_equal(found.centre, parameters_at(run, int(found.steps[-1])))


def test_states_that_are_not_finite_are_left_out():
    run = run_of(20)
    engine = run.trainer.engine
    engine.edits.load_weights(np.full_like(engine.network.parameters, 1e38))
    run.trainer.run_batch()
    run.trainer.run_batch()
    found = directions_of(run, TWO)
    assert not np.isfinite(engine.network.parameters).all()
    assert found.steps[-1] < 22
    assert np.isfinite(found.path).all() and np.isfinite(found.centre).all()


def test_asking_changes_nothing_of_the_run(run):
    before, events = run.trainer.engine.state().digest(), list(run.trainer.engine.events)
    directions_of(run)
    directions_of(run, TWO)
    assert run.trainer.engine.state().digest() == before
    assert run.trainer.engine.events == events


@pytest.mark.parametrize("steps", [0, 1])
def test_a_run_without_a_path_is_told_to_train_or_to_choose_weights(steps):
    run = run_of(steps)
    with pytest.raises(SettingError, match=f"it has {steps + 1} so far: train a few steps more"):
        directions_of(run)
    assert directions_of(run, TWO).steps[-1] == steps


def test_a_straight_path_is_told_to_choose_two_weights():
    run = run_of(0)
    for layer in range(3):
        run.trainer.engine.edits.freeze(layer, True)
    for step in range(4):
        run.trainer.engine.edits.set_weight(1, 2, 3, step)
        run.trainer.run_batch()
    with pytest.raises(SettingError, match="is a straight line"):
        directions_of(run)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ((TWO[0],), "Two weights make a plane"),
        ("ab", "Two weights make a plane"),
        ((TWO[0], TWO[0]), "Two different weights"),
        ((TWO[0], RecordCell("deltas", 0, (0, 0))), "is a weight or a bias"),
        ((TWO[0], "W1[0, 0]"), "is a weight or a bias"),
        ((TWO[0], RecordCell("weights", 3, (0, 0))), "There are 3 layers"),
        ((TWO[0], RecordCell("weights", None, (0, 0))), "There are 3 layers"),
        ((TWO[0], RecordCell("weights", 0, (16, 0))), r"have the shape \(16, 6\)"),
        ((TWO[0], RecordCell("biases", 0, (-1,))), r"have the shape \(6,\)"),
        ((TWO[0], RecordCell("biases", 0, (0, 0))), r"have the shape \(6,\)"),
    ],
)
def test_cells_that_are_not_two_weights_are_refused(run, cells, message):
    with pytest.raises(SettingError, match=message):
        directions_of(run, cells)


def test_parameters_of_another_network_cannot_be_projected(run):
    with pytest.raises(SettingError, match="of this run has .* parameters"):
        directions_of(run).project(np.zeros(7))
