"""The doctor: each kind of finding on a run that has it, and none on one that has not."""

import re
from functools import partial
from itertools import product

import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.analysis import FINDINGS, Finding, diagnose
from backprop_panel.analysis.diagnosis.doctor import consequences, examine, in_order
from backprop_panel.analysis.diagnosis.evidence import Evidence, Measured
from backprop_panel.analysis.diagnosis.finding import NOTE, SICK
from backprop_panel.analysis.diagnosis.judging_results import in_words
from backprop_panel.nn.faults import FAULTS
from backprop_panel.nn.optimizers import OPTIMIZERS
from backprop_panel.runs.demonstrations import DEMONSTRATIONS, demonstrate
from backprop_panel.settings import SettingError
from backprop_panel.training.checkpoints import Checkpoints

LEARNING = {
    "learning_rate": 0.01,
    "optimizer": "adam",
    "loss_type": "cross_entropy",
    "validation_fraction": 0.0,
    "hidden_dimension": 16,
    "num_samples": 100,
    "batch_size": 16,
}


def trained(steps=200, edit=None, **settings):
    """Return a run that made so many steps, after what `edit` did to its engine."""
    run = TrainingRunManager().create(**(LEARNING | settings))
    if edit:
        edit(run.trainer.engine)
    train_to(run, steps)
    return run


def train_to(run, steps):
    engine = run.trainer.engine
    while engine.step < steps:
        engine.advance(engine.settings.batch_size, steps - engine.step)


def found_in(run):
    return {finding.kind: finding for finding in diagnose(run)}


def sick_kinds(run):
    return [finding.kind for finding in diagnose(run) if finding.severity == SICK]


def root(run):
    """Return the finding that stands first."""
    return diagnose(run)[0]


def below_threshold(engine, bias=-20):
    """Give all units of the first layer a bias below zero."""
    parameters = engine.network.parameters.copy()
    engine.network.by_layer(parameters)[0][-1] = bias
    engine.edits.load_weights(parameters)


def all_but_one_below_threshold(engine):
    """Give all units of the first layer but the last a bias below zero."""
    parameters = engine.network.parameters.copy()
    engine.network.by_layer(parameters)[0][-1, :-1] = -20
    engine.edits.load_weights(parameters)


def test_a_learning_rate_that_overshoots_is_too_high():
    finding = root(trained(learning_rate=60.0, optimizer="sgd", activation="relu"))
    assert finding.kind == "learning_rate_too_high"
    assert finding.remedy.changes["learning_rate"] < 60


def test_units_that_a_high_learning_rate_killed_follow_from_it():
    found = found_in(trained(learning_rate=60.0, optimizer="sgd", activation="relu"))
    assert found["dead_units"].because == "learning_rate_too_high"


def test_dead_units_do_not_follow_from_a_mistake_that_is_made_later():
    run = trained(200, edit=all_but_one_below_threshold, activation="relu", hidden_layers=2)
    run.trainer.change(fault="untransposed_weights")
    train_to(run, 201)
    found = found_in(run)
    assert found["wrong_gradients"].step == 201
    assert found["dead_units"].because is None


def test_a_change_of_a_setting_leaves_the_beginning_of_a_mistake_as_it_was():
    run = trained(64, fault="no_activation_derivative")
    run.trainer.change(learning_rate=0.02)
    train_to(run, 90)
    assert root(run).step == 1


def test_overflow_by_a_high_learning_rate_follows_from_it():
    found = found_in(trained(learning_rate=1e6, optimizer="sgd", loss_type="mse"))
    assert found["non_finite"].because == "learning_rate_too_high"
    assert found["learning_rate_too_high"].because is None


def test_a_learning_rate_that_hardly_moves_is_too_low():
    finding = root(trained(learning_rate=1e-6))
    assert finding.kind == "learning_rate_too_low"
    assert finding.remedy.changes["learning_rate"] > 1e-5


def test_units_below_their_threshold_are_dead():
    finding = root(trained(activation="relu", edit=below_threshold))
    assert (finding.kind, finding.layer) == ("dead_units", 0)
    assert len(finding.units) == 16
    assert "zero for every example" in finding.sentence


def test_of_units_that_fire_for_a_few_examples_the_share_is_told():
    settings = {"activation": "relu", "optimizer": "sgd", "learning_rate": 0.001}
    finding = root(trained(40, partial(below_threshold, bias=-1), **settings))
    assert finding.kind == "dead_units"
    assert "zero for at least 90% of the examples" in finding.sentence


def test_equal_units_are_symmetric():
    finding = root(trained(initialization="zeros"))
    assert (finding.kind, finding.layer) == ("symmetric_units", 0)


def test_an_overflow_is_named_with_its_operands_and_its_step():
    def overflow(engine):
        engine.advance(16, 5)
        for row in (0, -1 % len(engine.network.layers[0])):
            engine.edits.set_weight(0, row, 0, 3e38)

    finding = root(trained(edit=overflow, activation="relu"))
    assert (finding.kind, finding.step) == ("non_finite", 6)
    assert "z1[" in finding.sentence and "3e+38" in finding.sentence


def test_a_validation_loss_that_rises_for_long_is_overfitting():
    run = trained(validation_fraction=0.3, num_samples=40, hidden_dimension=32)
    finding = root(run)
    assert finding.kind == "overfitting"
    assert finding.step < 100


def test_a_run_that_is_worse_than_guessing_is_told_so_and_not_by_a_gain_of_more_than_all():
    finding = root(trained(80, learning_rate=1e-46))
    assert finding.kind == "learning_rate_too_low"
    assert re.search(
        r"200 more steps leave 1\d\d% of the loss that could be learned, worse than guessing by "
        r"frequency; at a rate of 0\.1 they leave \d\.?\d*%\.$",
        finding.sentence,
    )


def test_weight_decay_that_outweighs_the_gradient_is_too_strong():
    finding = root(trained(weight_decay=0.2, optimizer="sgd", learning_rate=0.1))
    assert finding.kind == "weight_decay_too_strong"
    assert finding.remedy.changes == {"weight_decay": pytest.approx(0.002)}


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "rmsprop", "adam"])
def test_weights_that_decay_has_taken_are_its_doing_and_not_that_of_the_layers(optimizer):
    run = trained(320, loss_type="mse", weight_decay=1.0, optimizer=optimizer)
    finding, *others = [each for each in diagnose(run) if each.severity == SICK]
    assert finding.kind == "weight_decay_too_strong"
    assert {each.because for each in others} <= {"weight_decay_too_strong"}


def test_the_remedy_goes_back_to_before_decay_took_what_does_not_come_back():
    run = demonstrate(TrainingRunManager(), "weight_decay_too_strong")
    train_to(run, DEMONSTRATIONS["weight_decay_too_strong"].steps)
    remedy = root(run).remedy
    assert remedy.step == 0 and remedy.sentence.startswith("Fork at step 0 with weight decay off")
    fork = run.manager.fork(run.id, step=remedy.step, **remedy.changes)
    train_to(fork, 300)
    assert fork.history["loss"][-32:].mean() < 0.3 * run.history["loss"][-32:].mean()


def test_a_decay_that_adds_nothing_to_the_gradients_is_not_blamed():
    run = TrainingRunManager().create(
        activation="relu",
        loss_type="mse",
        optimizer="adam",
        learning_rate=0.05,
        weight_decay=1e-9,
    )
    engine = run.trainer.engine
    engine.edits.load_weights(100 * engine.network.parameters)
    train_to(run, 500)
    # From weights as large, the least difference grows with each step, of trials too.
    assert "weight_decay_too_strong" not in found_in(run)


def test_weights_that_shrink_are_named_where_training_without_decay_is_slow_as_well():
    finding = root(trained(160, loss_type="mse", weight_decay=2.0, optimizer="sgd"))
    assert finding.kind == "weight_decay_too_strong"
    assert "have shrunk to at most" in finding.sentence


def test_a_batch_that_is_left_out_of_each_epoch_is_unused():
    run = trained(fault="dropped_last_batch")
    finding = root(run)
    assert (finding.kind, finding.fault) == ("unused_data", "dropped_last_batch")
    assert finding.evidence["examples left out of an epoch"] == 100 % 16


def test_a_run_at_the_floor_of_ambiguous_data_is_not_sick():
    run = trained(400, sequence_length=2)
    assert "ambiguous_data" in found_in(run) and not sick_kinds(run)


def test_a_loss_that_is_still_to_fall_by_a_quarter_is_not_as_low_as_the_data_allow():
    run = trained(80)  # at 0.087, of which 0.062 is the floor
    assert "ambiguous_data" not in found_in(run)
    train_to(run, 600)
    assert found_in(run)["ambiguous_data"].evidence["loss"] < 0.75 * 0.087


def test_a_run_that_predicts_all_is_finished():
    run = trained(400, task_type="sequence_classification", sequence_length=6)
    assert "finished" in found_in(run) and not sick_kinds(run)


def test_a_frozen_layer_is_a_note():
    run = trained(edit=lambda engine: engine.edits.freeze(0, True))
    assert found_in(run)["frozen"].severity == NOTE and not sick_kinds(run)


@pytest.mark.parametrize("kind", DEMONSTRATIONS)
def test_each_demonstration_is_named_first(kind):
    run = demonstrate(TrainingRunManager(), kind)
    train_to(run, DEMONSTRATIONS[kind].steps)
    found = [finding for finding in diagnose(run) if finding.kind != "not_judged"]
    assert found[0].kind == kind


@pytest.mark.parametrize("fault", FAULTS)
def test_each_mistake_of_the_fault_lab_is_named(fault):
    run = trained(90, fault=fault)
    assert root(run).fault == fault


def test_wrong_gradients_are_confirmed_by_difference_quotients():
    evidence = root(trained(90, fault="no_activation_derivative")).evidence
    assert evidence["largest error of a gradient against a difference quotient"] > 0.01


def test_a_run_that_is_not_finite_from_the_start_is_judged():
    def overflow(engine):
        for row in (0, len(engine.network.layers[0]) - 1):
            engine.edits.set_weight(0, row, 0, 3e38)

    finding = root(trained(40, edit=overflow, activation="relu"))
    assert (finding.kind, finding.step) == ("non_finite", 1)


def test_a_mistake_that_was_mended_is_no_longer_told():
    run = trained(40, fault="wrong_sign")
    assert root(run).kind == "wrong_update"
    run.trainer.change(fault=None)
    for _ in range(6):
        run.trainer.run_batch()
    assert "wrong_update" not in found_in(run)


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
def test_a_run_that_learns_is_not_sick(optimizer):
    rate = {"sgd": 0.3, "momentum": 0.03, "adam": 0.01}[optimizer]
    assert not sick_kinds(trained(600, optimizer=optimizer, learning_rate=rate))


def test_what_cannot_be_judged_is_said_and_why():
    run = trained(5)
    sentences = [each.sentence for each in diagnose(run) if each.kind == "not_judged"]
    assert sentences == [
        "The course of training is not judged before step 30: this is step 5.",
        "Overfitting is not judged: there are no validation data.",
    ]


def test_a_run_at_its_beginning_is_not_judged():
    (finding,) = diagnose(trained(0))
    assert (finding.kind, finding.step) == ("not_judged", 0)


def test_a_run_with_one_example_is_judged_as_far_as_it_can_be():
    run = trained(50, num_samples=1)
    assert any("one training example" in each.sentence for each in diagnose(run))


def test_an_earlier_step_is_judged_without_what_came_later():
    run = trained(100, learning_rate=0.01)
    run.trainer.change(fault="wrong_sign")
    for _ in range(6):
        run.trainer.run_batch()
    assert "wrong_update" in found_in(run)
    assert "wrong_update" not in {each.kind for each in diagnose(run, step=100)}


@pytest.mark.parametrize("step", [-1, 11, 2.5, "3"])
def test_a_step_that_the_run_has_not_reached_is_refused(step):
    with pytest.raises(SettingError, match="from 0 to 10"):
        diagnose(trained(10), step=step)


def test_diagnosing_changes_nothing():
    run = trained(60)
    before = run.trainer.engine.state().digest()
    diagnose(run)
    assert run.trainer.engine.state().digest() == before
    assert len(run.trainer.engine.events) == 1


def test_the_same_run_has_the_same_findings():
    assert diagnose(trained(60)) == diagnose(trained(60))


def test_findings_come_in_pieces_and_the_last_are_complete():
    run = trained(60)
    *_, last = examine(run)
    assert last == diagnose(run)


def test_what_was_measured_before_is_not_repeated_and_the_findings_are_the_same(monkeypatch):
    run, asked = trained(60), []
    measured = Measured(run)
    list(examine(run, None, measured))
    train_to(run, 64)
    again = run.steps_again
    monkeypatch.setattr(run, "steps_again", lambda steps: asked.extend(steps) or again(steps))
    *_, found = examine(run, None, measured)
    assert asked == [62, 63, 64]
    assert found == diagnose(run)


def test_what_was_measured_is_forgotten_when_the_run_begins_anew():
    run = trained(60)
    measured = Measured(run)
    list(examine(run, None, measured))
    run.reset()
    assert not measured.kept()


def test_of_a_run_that_goes_on_moments_after_a_checkpoint_are_looked_at():
    run = trained(100)
    run.trainer.engine.checkpoints = Checkpoints([run.replay(70).engine.state()])
    measured = Measured(run)
    measured.hurried = True
    evidence = Evidence(run, 100, measured)
    list(evidence.gather())
    assert [moment.step for moment in evidence.moments if moment.step > 64] == [
        71,
        80,
        88,
        96,
        98,
        99,
        100,
    ]


def raised(steps, **settings):
    """Return a run that learned for 600 steps, and whose learning rate was raised then."""
    run = trained(600, **settings)
    run.trainer.change(learning_rate=3.0)
    train_to(run, 600 + steps)
    return run


def test_a_rate_that_was_raised_before_the_run_broke_is_named():
    finding = root(raised(200))
    assert finding.kind == "learning_rate_too_high"
    assert "At step 600 the learning rate was changed from 0.01 to 3.0." in finding.sentence
    assert (finding.remedy.changes, finding.remedy.step) == ({"learning_rate": 0.01}, 600)


def test_the_rate_before_is_advised_though_little_was_learned_with_it():
    run = trained(30, learning_rate=0.003, activation="sigmoid", hidden_layers=3)
    run.trainer.change(learning_rate=100.0)
    train_to(run, 230)
    finding = root(run)
    assert finding.remedy.changes == {"learning_rate": 0.003}
    assert re.search(
        "% of the loss that could be learned; this run is at .* times", finding.sentence
    )


def test_a_setting_changed_before_the_loss_rose_is_named_with_what_followed():
    run = raised(200)
    run.trainer.change(batch_size=8)  # what breaks the run is no longer the last change
    train_to(run, 900)
    assert "from 0.01 to 3.0" in root(run).sentence


def test_a_setting_changed_long_after_the_loss_rose_is_not_named():
    run = trained(40, learning_rate=60.0, optimizer="sgd", activation="relu")
    run.trainer.change(batch_size=8)
    train_to(run, 200)
    assert not any("was changed" in finding.sentence for finding in diagnose(run))


@pytest.mark.parametrize(("activation", "is_advised"), [("relu", True), ("gelu", False)])
def test_gelu_is_advised_only_where_the_activation_is_relu(activation, is_advised):
    run = trained(edit=below_threshold, activation=activation)
    assert ("gelu" in found_in(run)["dead_units"].remedy.sentence) is is_advised


def test_no_steeper_activation_is_advised_where_there_is_none():
    found = found_in(trained(edit=below_threshold, activation="gelu", hidden_layers=2))
    assert "gelu" not in found["vanishing_gradients"].remedy.sentence


def test_a_run_that_soon_learns_it_all_is_not_called_too_small_or_noisy():
    settings = {"hidden_layers": 6, "hidden_dimension": 32, "activation": "relu"}
    settings |= {"num_samples": 512, "batch_size": 32, "learning_rate": 0.005}
    run = trained(48, fault="untransposed_weights", **settings)
    run.trainer.change(fault=None)
    assert not {"too_small", "noisy_batches"} & set(found_in(run))


@pytest.mark.parametrize(
    ("hidden", "words"),
    [
        ((), "no hidden layer"),
        ((8,), "a hidden layer of 8"),
        ((32,) * 6, "6 hidden layers of 32"),
        ((8, 4), "hidden layers of 8 and 4"),
    ],
)
def test_the_widths_of_equal_layers_are_told_once(hidden, words):
    assert in_words(hidden) == words


def test_each_kind_is_explained():
    for kind in FINDINGS.values():
        assert kind.label and kind.meaning.endswith(".")


def test_causes_stand_before_what_they_explain():
    found = [Finding(kind, "", {}, 1) for kind in ("dead_units", "learning_rate_too_high")]
    assert [(each.kind, each.because) for each in in_order(found, "sgd")] == [
        ("learning_rate_too_high", None),
        ("dead_units", "learning_rate_too_high"),
    ]


def all_consequences(kind, optimizer):
    """Return all that a kind leads to, directly or by others."""
    reached, new = set(), {kind}
    while new:
        new = {each for cause in new for each in consequences(cause, optimizer)} - reached
        reached |= new
    return reached


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_no_finding_is_a_consequence_of_its_own_consequence(optimizer):
    after = {kind: all_consequences(kind, optimizer) for kind in FINDINGS}
    circles = [
        (one, other)
        for one, other in product(FINDINGS, repeat=2)
        if other in after[one] and one in after[other]
    ]
    assert not circles


@pytest.mark.parametrize(
    ("optimizer", "because"),
    [("sgd", "vanishing_gradients"), ("adam", None), ("rmsprop", None)],
)
def test_small_gradients_make_steps_small_unless_the_optimizer_divides_by_their_size(
    optimizer, because
):
    kinds = ("vanishing_gradients", "learning_rate_too_low")
    found = in_order([Finding(kind, "", {}, 1) for kind in kinds], optimizer)
    causes = {each.kind: each.because for each in found}
    assert causes == {"vanishing_gradients": None, "learning_rate_too_low": because}


def test_of_vanishing_gradients_and_a_trial_at_a_higher_rate_the_trial_stands_first():
    settings = {"hidden_layers": 6, "activation": "sigmoid", "learning_rate": 1e-7}
    found = [(each.kind, each.because) for each in diagnose(trained(60, **settings))][:2]
    assert found == [("learning_rate_too_low", None), ("vanishing_gradients", None)]


def test_outputs_that_ignore_the_inputs_are_not_called_the_frequencies_that_they_are_not():
    settings = {"learning_rate": 1e-5, "optimizer": "sgd", "loss_type": "cross_entropy"}
    run = TrainingRunManager().create(**settings)
    train_to(run, 320)
    sentence = found_in(run)["stuck_at_prior"].sentence
    assert "does not even predict how frequent each target is: its loss is 1.41" in sentence
    run = demonstrate(TrainingRunManager(), "stuck_at_prior")
    train_to(run, 300)
    assert "and nothing more: its loss is 1.26" in found_in(run)["stuck_at_prior"].sentence


def test_a_network_without_hidden_layers_that_is_too_small_is_to_get_one():
    settings = {"hidden_layers": 0, "optimizer": "adam", "learning_rate": 0.01, "loss_type": "mse"}
    run = TrainingRunManager().create(validation_fraction=0, num_master_sequences=5, **settings)
    train_to(run, 640)
    finding = found_in(run)["too_small"]
    assert "with a hidden layer of 32 gelu units it falls to" in finding.sentence
    assert finding.remedy.sentence == "Make a new run with a hidden layer of 32 gelu units."
