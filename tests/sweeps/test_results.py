"""What the results of a sweep say, in numbers that can be checked by hand."""

import math
import warnings
from itertools import count

import numpy as np
import pytest

from backprop_panel.sweeps import estimate
from backprop_panel.sweeps.estimate import estimated_seconds
from backprop_panel.sweeps.plan import Plan
from backprop_panel.sweeps.results import (
    Band,
    Measure,
    axis_positions,
    best_share,
    by_settings,
    importances,
    losses_over,
    ranked,
    values_of,
)
from backprop_panel.sweeps.trial import FAILED, MOST_POINTS, Curve, Score, Trial
from backprop_panel.training.history import History

RATES, WIDTHS = [0.01, 0.1, 1.0], [16, 8]
LAST = Measure()


@pytest.fixture
def trials():
    """Losses of 10 for the rate, 1 for the width and 0.1 for the seed; the widest rate failed."""
    found = []
    for rate, loss in zip(RATES, [30, 10, 20], strict=True):
        for width in WIDTHS:
            for seed in range(2):
                number = len(found)
                settings = {"learning_rate": rate, "hidden_dimension": width, "seed": seed}
                trial = Trial(number, str(number), f"sweep #{number + 1}", settings)
                trial.score = Score(loss + (width == 8) + 0.1 * seed, lowest_loss=float(-number))
                found.append(trial)
    return found


def history_of(losses, validation=()):
    history = History()
    history.extend(0, 0, np.array(losses, np.float32), np.zeros(len(losses)), math.nan)
    for loss in validation:
        history.extend(history.rows, 0, np.ones(1), np.zeros(1), loss)
    return history


def test_runs_that_differ_in_their_seed_alone_are_one_group(trials):
    groups = by_settings(trials)
    assert [len(group) for group in groups] == [2] * 6
    assert {trial.settings["learning_rate"] for trial in groups[0]} == {0.01}


def test_failed_runs_rank_last_and_runs_without_a_loss_not_at_all(trials):
    trials[4].status = FAILED
    trials[0].score = Score()
    order = ranked(trials, LAST)
    assert order[0] is trials[5] and order[-1] is trials[4] and trials[0] not in order


def test_the_best_share_has_at_least_one_run(trials):
    assert best_share(trials, LAST, 1) == [trials[4]]
    assert len(best_share(trials, LAST, 50)) == 6
    assert best_share(trials, Measure(lowest=True), 1) == [trials[-1]]
    assert best_share(trials, LAST, 100) == trials


def test_losses_over_two_settings_are_means_over_the_rest(trials):
    trials[0].status = FAILED
    across, up, losses = losses_over(trials, "learning_rate", "hidden_dimension", LAST)
    assert across == RATES and up == [8, 16]
    assert losses[0] == pytest.approx([31.05, 11.05, 21.05])
    assert losses[1] == pytest.approx([30.1, 10.05, 20.05])  # without the failed one


def test_the_setting_that_moves_the_loss_most_is_the_most_important(trials):
    first, second, third = importances(trials, ["seed", "hidden_dimension", "learning_rate"], LAST)
    assert [first.name, second.name, third.name] == ["learning_rate", "hidden_dimension", "seed"]
    assert first.share > 0.8 and second.share < 0.2 and third.share < 0.1
    assert first.value_ranks.min() == 0 and first.value_ranks.max() == 1


def test_a_setting_that_changes_no_loss_explains_nothing(trials):
    for trial in trials:
        trial.score = Score(0.65)
    (first, *_) = found = importances(trials, ["learning_rate", "hidden_dimension", "seed"], LAST)
    assert [each.share for each in found] == [0, 0, 0]
    assert set(first.loss_ranks) == {0.5}


def test_runs_that_failed_share_the_last_rank(trials):
    for trial in trials[4:]:
        trial.status = FAILED
    (found,) = importances(trials, ["learning_rate"], LAST)
    assert found.loss_ranks * 11 == pytest.approx([0, 1, 2, 3, *[7.5] * 8])


def test_a_setting_with_one_value_has_no_importance(trials):
    one_rate = [trial for trial in trials if trial.settings["learning_rate"] == 0.1]
    assert [each.name for each in importances(one_rate, ["learning_rate", "seed"], LAST)] == [
        "seed"
    ]


def test_values_are_in_the_order_of_numbers_or_names(trials):
    assert values_of(trials, "hidden_dimension") == [8, 16]
    for trial, name in zip(trials, ["b", "a", "c"] * 4, strict=True):
        trial.settings["optimizer"] = name
    assert values_of(trials, "optimizer") == ["a", "b", "c"]


def test_rates_over_decades_are_evenly_spread_on_their_axis(trials):
    positions = axis_positions(trials, "learning_rate")
    assert sorted(set(positions.round(6))) == [0, 0.5, 1]


def test_a_band_is_the_mean_between_the_lowest_and_the_highest_curve():
    at_first = [Curve(np.array([1]), np.array([loss])) for loss in (0.5, 0.5)]
    curves = [Curve(np.array([1, 11]), np.array([8.0, 3.0])), *at_first]
    band = Band.of(curves)
    assert band.steps[0] == 1 and band.steps[-1] == 11
    # A standard deviation below the mean would be a loss below zero.
    assert (band.mean[0], band.low[0], band.high[0]) == (3, 0.5, 8)
    assert (band.mean[-1], band.low[-1]) == (3, 3)  # only one of them goes so far


def test_a_curve_keeps_the_mean_of_a_long_history_in_a_few_points():
    losses = np.random.default_rng(0).random(3 * MOST_POINTS + 7)
    curve = Curve.of(history_of(losses))
    assert len(curve.steps) <= MOST_POINTS and curve.steps[-1] == len(losses)
    stretches = np.diff(curve.steps, prepend=0)
    assert (curve.losses * stretches).sum() == pytest.approx(losses.sum(), rel=1e-4)


def test_a_score_has_batches_and_validation_apart():
    score = Score.of(history_of([2.0] * 32 + [4.0] * 32, [9.0, 5.0, 7.0]))
    assert score.validation_loss == 7 and score.lowest_validation_loss == 5
    assert score.lowest_loss == pytest.approx(2.0)


def test_halving_is_estimated_to_take_less_and_a_failing_run_no_time():
    plan = {"grid": {"learning_rate": [0.01 * n for n in range(1, 28)]}, "budget": {"steps": 2700}}
    whole = estimated_seconds(Plan(**plan))
    assert 0 < estimated_seconds(Plan(**plan, halving=3)) < whole
    assert estimated_seconds(Plan(grid={"hidden_dimension": [4, 10**7]}, budget={"steps": 9})) > 0


def test_a_run_is_timed_on_a_machine_that_keeps_the_process_waiting(monkeypatch):
    monkeypatch.setattr(estimate, "perf_counter", count(step=9.0).__next__)
    plan = Plan(grid={"learning_rate": [0.1]}, budget={"steps": 15})
    # The epoch has 16 steps, the first of which is not timed.
    assert estimated_seconds(plan) == pytest.approx(9.0, rel=0.01)


def test_the_timing_of_a_run_that_diverges_is_silent():
    plan = Plan(grid={"learning_rate": [1e30]}, budget={"steps": 9}, base={"optimizer": "sgd"})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert estimated_seconds(plan) > 0


def test_the_lowest_loss_is_never_above_the_last_one():
    score = Score.of(history_of(np.linspace(3, 0.1, 48)))
    assert score.lowest_loss == score.loss
