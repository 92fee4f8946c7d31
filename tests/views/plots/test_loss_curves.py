"""Curves are averaged and thinned without losing their shape."""

import numpy as np
import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.views.plots.loss_curves import (
    FEWEST_POINTS,
    MOST_EXACT,
    MOST_POINTS,
    LossLines,
    Wanted,
    averaged,
    changed_settings,
    changes_after,
    smoothed,
)
from tests.bundles import weights_file


def trained(steps=20, **config):
    run = TrainingRunManager().create(num_samples=64, **config)
    for _ in range(steps):
        run.trainer.run_batch()
    return run


def test_a_running_mean_is_over_the_last_values_and_over_fewer_at_the_beginning():
    assert smoothed(np.array([2.0, 4.0, 6.0, 8.0]), 2).tolist() == [2, 3, 5, 7]


def test_without_smoothing_values_stay_as_they_are():
    steps, losses = averaged(np.array([3.0, 1.0, 2.0]), 1)
    assert steps.tolist() == [1, 2, 3]
    assert losses.tolist() == [3, 1, 2]


@pytest.mark.parametrize("count", [MOST_EXACT - 1, MOST_EXACT + 1, 10 * MOST_EXACT + 3])
def test_however_many_steps_there_are_the_last_one_is_drawn(count):
    losses = np.linspace(2, 1, count, dtype=np.float32)
    steps, means = averaged(losses, 11)
    assert steps[-1] == count
    assert means[-1] == pytest.approx(losses[-11:].mean(), rel=1e-5)


def test_zoomed_in_the_steps_in_view_and_their_neighbours_are_drawn_one_by_one():
    losses = np.random.default_rng(0).random(10**6).astype(np.float32)
    steps, means = averaged(losses, 11, (5000.0, 5100.0))
    assert (steps[0], steps[-1]) == (4900, 5200)
    assert means[0] == pytest.approx(losses[4889:4900].mean(), rel=1e-5)


def test_a_long_curve_has_no_more_points_than_a_screen_and_keeps_its_extremes():
    run = trained(0)
    losses = np.ones(10**5, np.float32)
    losses[54_321] = 9
    run.history.extend(0, 0, losses, losses, 1.0)
    line = LossLines().of(run, "#000000", Wanted(smoothing=0))[0]
    assert len(line.x) <= MOST_POINTS
    assert line.y.max() == 9
    assert line.x[line.y.argmax()] == 54_322


def test_zoomed_in_a_long_runs_validation_loss_is_drawn_at_every_epoch():
    run, losses = trained(0), np.ones(100, np.float32)
    for epoch in range(3000):
        run.history.extend(100 * epoch, epoch, losses, losses, float(epoch))
    lines = LossLines()
    _, whole, *_ = lines.of(run, "#000000", Wanted())
    _, zoomed, *_ = lines.of(run, "#000000", Wanted(window=(150_000, 151_000)))
    assert len(whole.x) <= FEWEST_POINTS
    assert [y for x, y in zip(zoomed.x, zoomed.y, strict=True) if 150_000 <= x <= 151_000] == [
        *range(1499, 1510)
    ]


def test_lines_are_kept_until_the_run_has_gone_on():
    run, lines = trained(), LossLines()
    first = lines.of(run, "#000000", Wanted())
    assert lines.of(run, "#000000", Wanted()) is first
    run.trainer.run_batch()
    assert lines.of(run, "#000000", Wanted()) is not first


def test_a_forks_curve_begins_where_it_left_its_parent():
    run = trained()
    own, *_ = LossLines().of(run, "#000000", Wanted(begin=12))
    assert own.x[0] == 12
    assert own.x[-1] == 20


def test_what_was_changed_stands_on_the_curve():
    run = trained()
    run.trainer.learning_rate = 0.5
    run.trainer.run_batch()
    (happened,) = changed_settings(run, 0)
    assert (happened.step, happened.what) == (20, "learning rate 0.5")
    assert happened.y == run.history["loss"][19]


def test_weights_that_were_loaded_stand_on_the_curve_and_in_the_timeline():
    run = trained()
    run.load_weights(weights_file(run.model.network))
    (happened,) = changed_settings(run, 0)
    assert (happened.step, happened.what) == (20, "weights loaded")
    assert changes_after(run, 20) == "weights loaded"
