"""The detective: a hidden cause, checks to spend, answers and a score."""

import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.analysis.diagnosis.detective import (
    BUDGET,
    CHECKS,
    Investigation,
    Mystery,
    plant,
    suspects,
)
from backprop_panel.analysis.diagnosis.evidence import Evidence
from backprop_panel.runs.demonstrations import GOOD
from backprop_panel.runs.run import TrainingRun
from backprop_panel.settings import SettingError


def investigation(answer="wrong_sign", steps=40, **settings):
    fault = {"fault": answer} if answer not in ("frozen", None) and "_" in answer else {}
    run = TrainingRun("hidden", GOOD | {"batch_size": 30} | fault | settings)
    engine = run.trainer.engine
    while engine.step < steps:
        engine.advance(30, steps - engine.step)
    return Investigation(Mystery(answer, run, steps))


def test_a_seed_plants_the_same_cause_again():
    answers = [plant(TrainingRunManager(), seed=7).answer for _ in range(2)]
    assert answers[0] == answers[1] in suspects()


def test_seeds_plant_many_causes():
    assert len({plant(TrainingRunManager(), seed).answer for seed in range(30)}) > 12


def test_the_name_of_the_run_does_not_tell_the_cause():
    manager = TrainingRunManager()
    assert [plant(manager, seed).run.name for seed in (1, 2)] == [
        "hidden cause",
        "hidden cause (2)",
    ]


@pytest.mark.parametrize("name", CHECKS)
def test_each_check_says_something(name):
    assert investigation().check(name).endswith(".")


def test_the_audit_names_the_first_wrong_number():
    assert "ΔW1[" in investigation().check("audit")


def test_the_gradient_check_names_the_wrong_layers():
    said = investigation("untransposed_weights").check("gradients")
    assert said == "Gradients disagree with difference quotients in layer 1."


def test_the_steps_of_an_epoch_show_a_batch_that_is_left_out():
    said = investigation("dropped_last_batch").check("epochs")
    assert said == "An epoch has 17 steps, with batches of 30 of 512 training examples."


def test_moments_of_a_run_that_stays_as_it_is_are_measured_once(monkeypatch):
    gathered = []
    gather = Evidence.gather
    monkeypatch.setattr(Evidence, "gather", lambda self: gathered.append(self) or gather(self))
    case = investigation()
    case.check("layers")
    case.check("epochs")
    assert len(gathered) == 1
    case.mystery.run.trainer.run_batch()
    case.check("audit")
    assert [evidence.step for evidence in gathered] == [40, 41]


def test_checks_are_few():
    case = investigation()
    for name in list(CHECKS)[:BUDGET]:
        case.check(name)
    with pytest.raises(SettingError, match="All 4 checks are spent"):
        case.check(list(CHECKS)[BUDGET])


def test_a_check_that_was_spent_says_the_same_again_for_nothing():
    case = investigation()
    assert case.check("epochs") == case.check("epochs")
    assert case.left == BUDGET - 1


def test_checks_and_wrong_answers_cost_points():
    case = investigation()
    assert case.score == 100
    case.check("epochs")
    assert not case.answer("summed_loss")
    assert case.answer("wrong_sign") and case.score == 60


def test_who_gives_up_gets_nothing_and_the_explanation():
    case = investigation()
    case.give_up()
    assert case.over and case.score == 0
    assert "up the gradient" in case.explanation()


def test_answers_after_the_end_change_nothing():
    case = investigation()
    case.answer("wrong_sign")
    case.answer("summed_loss")
    assert case.score == 100


@pytest.mark.parametrize("ask", [lambda case: case.check("audits"), lambda case: case.answer("x")])
def test_what_does_not_exist_is_refused(ask):
    with pytest.raises(SettingError, match="must be one of"):
        ask(investigation(steps=0))


def test_a_run_without_steps_cannot_be_checked():
    with pytest.raises(SettingError, match="make some steps"):
        investigation(steps=0).check("audit")


def test_numbers_that_are_not_finite_are_said():
    case = investigation(None, optimizer="sgd", learning_rate=1e9, loss_type="mse")
    assert "finite" in case.check("gradients")
