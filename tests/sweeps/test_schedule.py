"""Which run comes next: in order, by successive halving, or by a sampler of Optuna."""

import math

import pytest

from backprop_panel import SettingError
from backprop_panel.sweeps.halving import Halving
from backprop_panel.sweeps.plan import Plan
from backprop_panel.sweeps.schedule import Schedule
from backprop_panel.sweeps.trial import FAILED, FINISHED, STOPPED, WAITING, Score

RATES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]


def halving_plan(**more):
    return Plan(grid={"learning_rate": RATES}, budget={"steps": 9}, halving=3, **more)


def schedule_of(plan, trials=None):
    return Schedule(plan, {} if trials is None else trials, lambda number: f"run-{number}")


def train_all(schedule, score):
    """Hand out everything, and give each run the score of its rate; return what was trained."""
    trained = []
    while (assignment := schedule.next()) is not None:
        trial, rung = assignment
        trained.append((trial.number, rung))
        trial.score = Score(score(trial.settings["learning_rate"]))
        schedule.reached(assignment)
    return trained


def test_without_halving_every_run_is_trained_once_in_order():
    schedule = schedule_of(Plan(grid={"learning_rate": RATES}))
    assert train_all(schedule, float) == [(number, 0) for number in range(9)]
    assert {trial.status for trial in schedule.trials.values()} == {FINISHED}


def test_what_was_given_back_comes_first():
    schedule = schedule_of(Plan(grid={"learning_rate": RATES}))
    first, second = schedule.next(), schedule.next()
    schedule.give_back(first)
    assert schedule.next() is first
    assert schedule.next().trial.number == second.trial.number + 1


def test_a_run_goes_on_once_it_is_among_the_best_third():
    halving = Halving([1, 3, 9], 3)
    halving.reached(0, 0, 0.5)
    halving.reached(1, 0, 0.2)
    assert halving.promote() is None
    halving.reached(2, 0, 0.9)
    assert halving.promote() == (1, 1)
    assert halving.promote() is None


def test_a_loss_that_is_no_number_is_the_worst():
    halving = Halving([1, 3], 3)
    for number, score in enumerate([math.nan, math.inf, 7.0]):
        halving.reached(number, 0, score)
    assert halving.promote() == (2, 1)


def test_halving_gives_the_whole_budget_to_the_best_alone():
    schedule = schedule_of(halving_plan())
    trained = train_all(schedule, float)
    assert [number for number, rung in trained if rung == 2] == [0]
    assert sum(rung == 1 for _, rung in trained) >= 3
    statuses = [trial.status for trial in schedule.trials.values()]
    assert statuses.count(FINISHED) == 1 and statuses.count(STOPPED) == 8


def test_what_halving_stopped_can_be_trained_to_the_end():
    schedule = schedule_of(halving_plan())
    train_all(schedule, float)
    schedule.resume_stopped()
    assert {rung for _, rung in train_all(schedule, float)} == {2}
    assert {trial.status for trial in schedule.trials.values()} == {FINISHED}


def test_halving_goes_on_after_a_restart_where_it_was():
    schedule = schedule_of(halving_plan())
    for _ in range(5):
        assignment = schedule.next()
        assignment.trial.score = Score(assignment.trial.settings["learning_rate"])
        schedule.reached(assignment)
    again = schedule_of(halving_plan(), dict(schedule.trials))
    assert [n for n, rung in train_all(again, float) if rung == 2] == [0]


def test_an_unfinished_run_of_an_earlier_process_comes_before_new_ones():
    schedule = schedule_of(Plan(grid={"learning_rate": RATES}))
    trial = schedule.next().trial
    trial.status = WAITING
    again = schedule_of(Plan(grid={"learning_rate": RATES}), {trial.number: trial})
    assert again.next().trial is trial
    assert again.next().trial.number == 1


def adaptive_plan(**more):
    pytest.importorskip("optuna")
    ranges = {"learning_rate": (0.001, 1.0), "optimizer": ["sgd", "adam"]}
    return Plan(ranges=ranges, **{"samples": 30, "sampler": "TPESampler", **more})


def test_a_sampler_of_optuna_comes_near_the_best_rate():
    schedule = schedule_of(adaptive_plan())
    train_all(schedule, lambda rate: abs(math.log(rate / 0.05)))
    rates = [schedule.trials[number].settings["learning_rate"] for number in range(30)]
    late = [abs(math.log(rate / 0.05)) for rate in rates[20:]]
    early = [abs(math.log(rate / 0.05)) for rate in rates[:10]]
    assert sum(late) < sum(early)


@pytest.mark.filterwarnings("ignore:.* is experimental")  # a warning of Optuna's
@pytest.mark.parametrize(
    ("sampler", "reason"),
    [
        ("BruteForceSampler", "cannot be used here: FloatDistribution.step must be given"),
        ("GridSampler", "cannot be used here: .* missing 1 required positional argument"),
        ("BaseSampler", "Optuna has no sampler 'BaseSampler'"),
        ("tpe", "Did you mean 'TPESampler'?"),
    ],
)
def test_a_sampler_that_could_not_draw_is_refused_before_the_first_run(sampler, reason):
    with pytest.raises(SettingError, match=reason) as refused:
        schedule_of(adaptive_plan(sampler=sampler)).try_sampler()
    assert refused.value.setting == "sampler"


@pytest.mark.filterwarnings("ignore:.* is experimental")  # a warning of Optuna's
def test_what_a_sampler_has_chosen_elsewhere_is_read_though_it_cannot_draw_here():
    schedule = schedule_of(adaptive_plan(sampler="BruteForceSampler"))
    assert schedule.trials == {}
    with pytest.raises(SettingError):
        schedule.try_sampler()


def test_all_seeds_of_a_sampled_configuration_have_its_settings():
    schedule = schedule_of(adaptive_plan(samples=2, seeds=3))
    train_all(schedule, float)
    settings = [
        tuple(trial.settings[name] for name in ("learning_rate", "optimizer"))
        for trial in schedule.trials.values()
    ]
    assert len(set(settings[:3])) == len(set(settings[3:])) == 1
    assert len(set(settings)) == 2


def test_a_sampler_learns_of_the_runs_of_an_earlier_process():
    schedule = schedule_of(adaptive_plan(samples=3))
    for _ in range(2):
        assignment = schedule.next()
        assignment.trial.score = Score(1.0)
        schedule.reached(assignment)
    again = schedule_of(adaptive_plan(samples=3), dict(schedule.trials))
    assert len(again._sampler._study.trials) == 2
    assert again.next().trial.number == 2


def test_a_failed_run_does_not_hold_up_the_sampler():
    schedule = schedule_of(adaptive_plan(samples=2))
    failed = schedule.next().trial
    schedule.failed(failed)
    assert failed.status == FAILED
    assert schedule.next().trial.number == 1
