"""The loss surface, held to torch, and to a run that trains on undisturbed."""

from dataclasses import replace
from itertools import islice
from threading import Event, Thread

import numpy as np
import pytest
from hypothesis import given, settings
from random_records import tensor, torch_logits, torch_losses, trainers

from backprop_panel import TrainingRunManager
from backprop_panel.analysis.background import in_turns
from backprop_panel.analysis.directions import directions_of
from backprop_panel.analysis.loss_surface import LossSurface
from backprop_panel.analysis.record_cell import RecordCell
from backprop_panel.training.worker import StopWhen

CONFIG = {"num_samples": 300, "hidden_dimension": 6, "learning_rate": 0.1}
PATIENCE = 120


def run_of(steps=20, **config):
    run = TrainingRunManager().create(**CONFIG | config)
    for _ in range(steps):
        run.trainer.run_batch()
    return run


@pytest.fixture(scope="module")
def run():
    return run_of()


@pytest.fixture(scope="module")
def surface(run):
    return LossSurface(run, directions_of(run))


def first_grid(surface):
    return next(grid for grid in surface.refine() if grid.complete)


def around_the_present(surface):
    """Put the present, which is at (0, 0), in the middle of a surface."""
    surface.extents = ((-1, 1), (-1, 1))
    return surface


def torch_surface(run, surface, x, y):
    """The loss on the sample by torch at one point of the plane."""
    first, second = surface.directions.axes.astype(np.float64)
    parameters = surface.directions.centre + x * first + y * second
    layers = map(tensor, run.model.network.by_layer(parameters))
    contexts, targets = run.dataset.__getitems__(surface.samples)
    inputs = np.empty((len(contexts), run.dataset.input_dimension))
    run.dataset.one_hot(contexts, out=inputs)
    logits = torch_logits(list(layers), run.model.network.activation_names, tensor(inputs))
    return torch_losses(surface.loss_type, logits, targets).mean().item()


@given(trainer=trainers(most_layers=3))
@settings(max_examples=15, deadline=None)
def test_losses_of_a_surface_are_torchs_at_the_points_of_the_plane(trainer):
    run = run_of(
        steps=4,
        hidden_dimension=trainer.model.hidden_dimension,
        hidden_layers=trainer.model.hidden_layers,
        activation=trainer.model.activation,
        loss_type=trainer.loss_type,
        optimizer=trainer.optimizer,
        task_type=trainer.dataset.task_type,
    )
    surface = LossSurface(run, directions_of(run))
    grid = first_grid(surface)
    for row, column in ((0, 0), (3, 11), (14, 14)):
        expected = torch_surface(run, surface, grid.x[column], grid.y[row])
        assert grid.losses[row, column] == pytest.approx(expected, rel=1e-3, abs=1e-5)


def test_the_loss_at_the_present_is_that_of_the_run_on_the_sample(run, surface):
    present = run.trainer.engine.look(surface.samples).loss
    assert torch_surface(run, surface, 0, 0) == pytest.approx(present, rel=1e-5)
    np.testing.assert_array_equal(surface.project(run.trainer.engine.network.parameters), 0)


def test_grids_come_coarse_first_and_begin_with_what_is_known(surface):
    coarse, middle, fine = (grid for grid in surface.refine() if grid.complete)
    assert [grid.losses.shape for grid in (coarse, middle, fine)] == [(n, n) for n in (15, 29, 57)]
    np.testing.assert_array_equal(fine.losses[::4, ::4], coarse.losses)
    np.testing.assert_array_equal(fine.losses[::2, ::2], middle.losses)
    np.testing.assert_array_equal(fine.x[::4], coarse.x)
    assert np.isfinite(fine.losses).all()


def test_a_grid_fills_in_pieces_after_any_of_which_one_can_stop(surface, monkeypatch):
    monkeypatch.setattr("backprop_panel.analysis.loss_surface.PIECE_SECONDS", 1e-9)
    one, two = islice(surface.refine(), 2)
    assert [np.isfinite(grid.losses).sum() for grid in (one, two)] == [1, 2]
    assert not one.complete and not two.complete


def test_a_sample_processed_in_parts_gives_the_same_losses(surface, monkeypatch):
    whole = first_grid(surface).losses
    monkeypatch.setattr("backprop_panel.analysis.recomputation.IN_ONE_THREAD", 1)
    np.testing.assert_allclose(first_grid(surface).losses, whole, rtol=1e-5)


def test_every_pass_over_a_surface_gives_the_same_losses(surface):
    np.testing.assert_array_equal(first_grid(surface).losses, first_grid(surface).losses)


def test_extents_hold_the_path_with_a_margin(surface):
    for axis, (low, high) in enumerate(surface.extents):
        along = surface.path[:, axis]
        extent = np.ptp(along)
        assert low <= along.min() - 0.24 * extent and high >= along.max() + 0.24 * extent


def test_no_side_of_a_surface_is_much_shorter_than_the_other(surface):
    (left, right), (bottom, top) = surface.extents
    assert 1 / 3.01 < (right - left) / (top - bottom) < 3.01


def test_a_frozen_weight_has_a_range_as_well():
    run = run_of()
    for layer in range(3):
        run.trainer.engine.edits.freeze(layer, True)
    cells = (RecordCell("weights", 0, (3, 1)), RecordCell("biases", 2, (2,)))
    run.trainer.run_batch()
    (left, right), (bottom, top) = LossSurface(run, directions_of(run, cells)).extents
    assert right - left >= 2 and top - bottom >= 2


def test_the_sample_is_the_same_for_every_surface_of_a_dataset(run, surface):
    other = LossSurface(run_of(30, optimizer="adam"), directions_of(run))
    np.testing.assert_array_equal(other.samples, surface.samples)
    assert len(np.unique(surface.samples)) == 240


def test_the_sample_of_a_small_training_set_is_all_of_it():
    run = run_of(num_samples=40)
    assert LossSurface(run, directions_of(run)).samples.tolist() == list(range(40))


def test_losses_that_overflow_are_infinite(run):
    directions = directions_of(run)
    far = replace(directions, axes=directions.axes * np.float32(1e38))
    losses = first_grid(LossSurface(run, far)).losses
    assert np.isinf(losses).any() and not np.isnan(losses).any()


def test_silenced_units_are_silenced_on_the_surface():
    run = run_of(loss_type="cross_entropy")
    run.trainer.engine.edits.silence(1, 2, True)
    run.trainer.engine.edits.silence(2, 0, True)
    surface = LossSurface(run, directions_of(run))
    grid = first_grid(around_the_present(surface))
    present = run.trainer.engine.look(surface.samples).loss
    assert grid.losses[7, 7] == pytest.approx(present, rel=1e-5)


def test_a_surface_touches_nothing_of_its_run(run, surface):
    before = run.trainer.engine.state().digest()
    for _ in surface.refine():
        pass
    assert run.trainer.engine.state().digest() == before


def test_a_surface_in_another_thread_leaves_training_bit_for_bit_alone():
    undisturbed, run = run_of(), run_of()
    surface, grids, stopping = LossSurface(run, directions_of(run)), [], Event()
    thread = Thread(target=lambda: grids.extend(in_turns(surface.refine(), stopping)), daemon=True)
    thread.start()
    for each in (run, undisturbed):
        each.worker.start(StopWhen(step=400))
        while each.worker.running:
            stopping.wait(0.005)
    thread.join(PATIENCE)
    np.testing.assert_array_equal(run.history["loss"], undisturbed.history["loss"])
    *_, alone = surface.refine()
    np.testing.assert_array_equal(grids[-1].losses, alone.losses)
