"""Loss curves: averaged and downsampled without losing their shape."""

import numpy as np
import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.views.plots.line_source import Line
from backprop_panel.views.plots.loss_curves import (
    FEWEST_POINTS,
    MOST_POINTS,
    LossLines,
    Wanted,
    _tagged_once,
    changed_settings,
    changes_after,
)
from backprop_panel.views.plots.numbers import number
from backprop_panel.views.plots.smoothing import MOST_EXACT, averaged, smoothed
from tests.bundles import weights_file


def trained(steps=20, **config):
    run = TrainingRunManager().create(num_samples=64, **config)
    for _ in range(steps):
        run.trainer.run_batch()
    return run


def test_a_running_mean_covers_fewer_values_at_the_beginning():
    assert smoothed(np.array([2.0, 4.0, 6.0, 8.0]), 2).tolist() == [2, 3, 5, 7]


def test_without_smoothing_losses_are_unchanged():
    steps, losses = averaged(np.array([3.0, 1.0, 2.0]), 1)
    assert steps.tolist() == [1, 2, 3]
    assert losses.tolist() == [3, 1, 2]


@pytest.mark.parametrize("count", [MOST_EXACT - 1, MOST_EXACT + 1, 10 * MOST_EXACT + 3])
def test_the_last_step_is_always_drawn(count):
    losses = np.linspace(2, 1, count, dtype=np.float32)
    steps, means = averaged(losses, 11)
    assert steps[-1] == count
    assert means[-1] == pytest.approx(losses[-11:].mean(), rel=1e-5)


def test_a_zoomed_curve_has_each_visible_step_and_a_margin():
    losses = np.random.default_rng(0).random(10**6).astype(np.float32)
    steps, means = averaged(losses, 11, (5000.0, 5100.0))
    assert (steps[0], steps[-1]) == (4900, 5200)
    assert means[0] == pytest.approx(losses[4889:4900].mean(), rel=1e-5)


def test_a_downsampled_curve_keeps_its_extremes():
    run = trained(0)
    losses = np.ones(10**5, np.float32)
    losses[54_321] = 9
    run.history.extend(0, 0, losses, losses, 1.0)
    line = LossLines().of(run, "#000000", Wanted(smoothing=0))[0]
    assert len(line.x) <= MOST_POINTS
    assert line.y.max() == 9
    assert line.x[line.y.argmax()] == 54_322


def test_a_zoomed_curve_has_the_validation_loss_of_each_epoch():
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


def test_lines_are_cached_until_the_run_is_trained():
    run, lines = trained(), LossLines()
    first = lines.of(run, "#000000", Wanted())
    assert lines.of(run, "#000000", Wanted()) is first
    run.trainer.run_batch()
    assert lines.of(run, "#000000", Wanted()) is not first


def test_a_forks_curve_begins_at_the_fork():
    run = trained()
    own, *_ = LossLines().of(run, "#000000", Wanted(begin=12))
    assert own.x[0] == 12
    assert own.x[-1] == 20


def floors(run, **wanted):
    lines = LossLines().of(run, "#000000", Wanted(**wanted))
    return [line for line in lines if line.label.endswith("floor")]


def test_no_line_of_a_run_goes_beyond_the_last_step_to_draw():
    run = trained(40, validation_fraction=0.25)
    whole, cut = ([*LossLines().of(run, "#000000", Wanted(end=end))] for end in (None, 13))
    assert {line.x[-1] for line in cut} == {13, 12}  # an epoch has two batches
    assert np.array_equal(cut[0].y, whole[0].y[:13])


def test_the_floor_of_each_loss_spans_its_steps_alone():
    run = trained(12, loss_type="cross_entropy")
    run.trainer.change(loss_type="mse")
    for _ in range(8):
        run.trainer.run_batch()
    spans = [(line.x[0], line.x[-1], line.y[0]) for line in floors(run)]
    of = run.dataset.optimal_loss
    assert spans == [(0, 12, of("cross_entropy")), (12, 20, of("mse"))]
    assert [line.x[0] for line in floors(run, begin=15)] == [15]


def test_the_floor_says_its_number_and_why_no_network_does_better():
    run = trained()
    (floor,) = floors(run)
    assert floor.tag == f"floor {number(run.dataset.optimal_loss('mse'))}"
    share = number(100 * run.dataset.ambiguous_share, digits=2)
    assert f"in {share}% of them different tokens follow the same window" in floor.about
    assert 0 < run.dataset.ambiguous_share < 1


@pytest.mark.parametrize(
    ("floors", "named"),
    [
        ([(9, 0.1), (9, 0.11)], [1, 0]),
        ([(9, 0.1), (9, 0.2)], [1, 1]),
        ([(9, 0.1), (2, 0.11)], [1, 1]),
    ],
)
def test_names_of_floors_are_not_written_over_one_another(floors, named):
    lines = [
        Line(np.array([0, end]), np.full(2, y), "#000", "floor", tag=f"floor {y}")
        for end, y in floors
    ]
    assert [bool(line.tag) for line in _tagged_once(lines)] == [bool(each) for each in named]


def test_equal_floors_are_named_once():
    runs = [trained(5), trained(9), trained(5)]
    lines = LossLines().of_all({run: ("#000000", Wanted()) for run in runs})
    named = [bool(line.tag) for line in lines if line.label.endswith("floor")]
    assert named == [False, True, False]


def test_a_changed_setting_is_marked_on_the_curve():
    run = trained()
    run.trainer.learning_rate = 0.5
    run.trainer.run_batch()
    (marker,) = changed_settings(run, 0)
    assert (marker.step, marker.text) == (20, "learning rate 0.5")
    assert marker.y == run.history["loss"][19]


def test_all_that_was_changed_at_one_step_stands_on_one_marker():
    run = trained()
    run.trainer.learning_rate = 0.5
    run.trainer.engine.edits.freeze(0, True)
    run.trainer.engine.edits.set_weight(0, 0, 0, 1.0)
    run.trainer.engine.edits.silence(1, 2, True)
    (marker,) = changed_settings(run, 0)
    assert marker.text == "learning rate 0.5, W1 frozen, W1[0, 0] set to 1, 1 more"


def test_loaded_weights_are_marked_and_named_in_the_timeline():
    run = trained()
    run.load_weights(weights_file(run.model.network))
    (marker,) = changed_settings(run, 0)
    assert (marker.step, marker.text) == (20, "weights loaded")
    assert changes_after(run, 20) == "weights loaded"
