"""Losses that leave the plot stay on the screen, and are marked with what they are."""

import numpy as np
import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.views.plots.line_plot import Curves
from backprop_panel.views.plots.line_source import Line
from backprop_panel.views.plots.loss_curves import LossLines, Wanted, sane_limit
from backprop_panel.views.plots.plot_edges import LOWEST, within_edges
from backprop_panel.views.plots.smoothing import MOST_EXACT, averaged


def run_with(losses):
    run = TrainingRunManager().create(num_samples=64)
    losses = np.asarray(losses, np.float32)
    run.history.extend(0, 0, losses, losses, 1.0)
    return run


def lines_of(losses, **wanted):
    options = {"smoothing": 0, "validation": False} | wanted
    return LossLines().of(run_with(losses), "#000000", Wanted(**options))


def test_a_loss_of_zero_is_drawn_and_marked_at_the_foot_of_a_logarithmic_axis():
    (line,), (mark,) = within_edges(lines_of([1, 0.1, 0, 0, 1e-9]), LOWEST, None)
    assert line.y.tolist() == pytest.approx([1, 0.1, LOWEST, LOWEST, LOWEST])
    assert (mark.x, mark.y, mark.above, mark.text) == (3, LOWEST, False, "run 1: down to 0")


def test_a_loss_beyond_the_limit_is_drawn_and_marked_at_the_top():
    (line,), (mark,) = within_edges(lines_of([1, 7e5, 8e5, 1]), None, 4.0)
    assert line.y.tolist() == [1, 4, 4, 1]
    assert (mark.x, mark.above, mark.text) == (2, True, "run 1: up to 8×10⁵")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("smoothing", [0, 0.1])
def test_a_loss_that_is_not_finite_parts_the_curve_and_is_marked(bad, smoothing):
    losses = np.ones(100)
    losses[[40, 41]] = bad
    lines = lines_of(losses, smoothing=smoothing)
    assert [(line.x[0], line.x[-1]) for line in lines] == [(1, 40), (43, 100)]
    assert all((line.y == 1).all() for line in lines)
    _, (mark,) = within_edges(lines, LOWEST, None)
    assert (mark.x, mark.y, mark.text) == (41, 1, "run 1: not finite at step 41 to 42")


def test_the_finite_part_before_a_tail_of_nan_has_its_full_resolution():
    losses = np.full(5000, np.nan)
    losses[:600] = np.linspace(2, 1, 600)
    (line,) = lines_of(losses)
    assert np.array_equal(line.x, np.arange(1, 601))


def test_a_run_without_a_finite_loss_is_only_marked():
    (line,) = lines_of([np.nan, np.inf])
    assert len(line.x) == 0
    _, (mark,) = within_edges([line], LOWEST, None)
    assert mark.text == "run 1: not finite at step 1 to 2"


@pytest.mark.parametrize("count", [500, 3 * MOST_EXACT])
@pytest.mark.parametrize("huge", [3e38, np.inf])
def test_a_running_mean_resumes_after_a_huge_loss(count, huge):
    losses = np.ones(count, np.float32)
    losses[100] = huge
    _, means = averaged(losses, 11)
    assert np.isfinite(means[-1])
    assert (means[-(len(means) // 2) :] == 1).all()


def test_many_gaps_cost_no_more_than_a_line():
    losses = np.ones(4000)
    losses[::2] = np.nan
    (line,) = lines_of(losses)
    assert len(line.x) <= 1000


def runs_of(*histories):
    return [run_with(losses) for losses in histories]


@pytest.mark.parametrize("log_y", [False, True])
def test_a_run_that_diverges_does_not_flatten_the_others(log_y):
    runs = runs_of([1.4, 0.5, 0.1], [1.4, 7e5, np.inf], [1.3, 0.2])
    assert 1.4 <= sane_limit(runs, log_y) < 10


def test_a_bad_beginning_does_not_flatten_the_others():
    assert sane_limit(runs_of([1.4, 0.5], [1.3, 0.2], [1e6, 0.1]), True) < 10


def test_runs_with_two_loss_functions_are_drawn_in_full():
    assert sane_limit(runs_of([1.4, 0.5], [0.29, 0.2]), True) > 1.4


def test_a_run_alone_on_a_logarithmic_axis_is_drawn_in_full():
    assert sane_limit(runs_of([1.4, 7e5]), log_y=True) is None
    assert sane_limit(runs_of([1.4, 7e5]), log_y=False) < 10


def test_runs_without_a_loss_have_no_limit():
    assert sane_limit([TrainingRunManager().create(num_samples=64)], False) is None
    assert sane_limit(runs_of([np.nan]), False) is None


def test_a_line_without_points_is_left_as_it_is():
    line = Line(np.array([]), np.array([]), "#000000", "empty")
    assert within_edges([line], LOWEST, 1.0) == ([line], [])


def test_a_plot_without_edges_draws_small_numbers_as_they_are():
    curves = Curves("norms", log_y=True)
    curves.show([Line(np.array([1, 2]), np.array([1e-3, 1e-12]), "#000000", "layer 1")])
    assert curves._source.lines.data["ys"][0].tolist() == [1e-3, 1e-12]


def test_the_table_behind_a_clipped_curve_has_its_true_numbers():
    curves = Curves("losses", log_y=True)
    short, long = Line(np.array([3]), np.array([9.0]), "#000000", "short"), lines_of([1, 7e5, 0])
    blank = Line(np.array([]), np.array([]), "#000000", "blank")
    curves.show([blank, short, *long], lowest=LOWEST, highest=4.0)
    assert [list(ys) for ys in curves._source.lines.data["ys"]] == [
        [4, 4],
        pytest.approx([1, 4, LOWEST]),
    ]
    assert curves._beyond.data == {"line": [0, 0, 1, 1], "at": [0, 1, 1, 2], "y": [9, 9, 7e5, 0]}
