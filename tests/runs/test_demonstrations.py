"""Each demonstration shows what it says, by the numbers of its run."""

from functools import cache

import numpy as np
import pytest

from backprop_panel import SettingError, TrainingRunManager
from backprop_panel.analysis.diagnosis.finding import FINDINGS
from backprop_panel.nn.faults import FAULTS
from backprop_panel.nn.losses import LOSSES
from backprop_panel.runs.demonstrations import DEMONSTRATIONS, demonstrate
from backprop_panel.training.health_log import MEASURES


@cache
def shown(key):
    """The run of a demonstration, trained; no test changes it."""
    run = demonstrate(TrainingRunManager(), key)
    train_to(run, DEMONSTRATIONS[key].steps)
    return run


def train_to(run, step):
    engine = run.trainer.engine
    while engine.step < step:
        engine.advance(engine.settings.batch_size, step - engine.step)


def fork(run, step=None, steps=None, **settings):
    """Another run from a step of this one, trained for as many steps, or for `steps`."""
    other = run.manager.fork(run.id, step, **settings)
    train_to(other, other.trainer.step + (steps or DEMONSTRATIONS_STEPS[run.name]))
    return other


DEMONSTRATIONS_STEPS = {each.label: each.steps for each in DEMONSTRATIONS.values()}


def loss_of(run, steps=50):
    return run.history["loss"][-steps:].mean()


def floor_of(run):
    return run.dataset.optimal_loss("cross_entropy")


def prior_of(run):
    """The loss of outputs that are the frequencies of the targets."""
    _, targets = run.dataset.context_and_target(run.dataset.sample_windows)
    shares = np.bincount(targets) / len(targets)
    return -(shares[shares > 0] * np.log(shares[shares > 0])).sum()


def all_examples(run):
    """The record of all training examples, with the present weights."""
    return run.trainer.engine.look(np.arange(len(run.dataset)))


def measured(run, measure):
    """A measure of each layer at the last measured moment."""
    return run.trainer.engine.health.moments[-1].values[:, MEASURES.index(measure)]


def test_there_is_one_of_each_kind_of_finding():
    others = {"finished", "not_judged"}
    assert set(DEMONSTRATIONS) == set(FINDINGS) - others


def test_a_rate_too_high_ends_above_where_it_began_and_a_lower_one_learns():
    run = shown("learning_rate_too_high")
    assert np.isfinite(run.history["loss"]).all()
    assert loss_of(run) > prior_of(run)
    assert loss_of(fork(run, step=0, learning_rate=0.1)) < 0.2


def test_a_rate_too_low_hardly_lowers_the_loss_and_a_higher_one_learns():
    run = shown("learning_rate_too_low")
    fall = run.history["loss"][:50].mean() - loss_of(run)
    assert 0 < fall < 0.1
    assert loss_of(fork(run, learning_rate=0.2)) < 0.3


def test_vanishing_gradients_shrink_by_a_thousand_through_the_layers():
    run = shown("vanishing_gradients")
    norms = measured(run, "gradient_norm")
    assert norms[0] < 1e-3 * norms[-1]
    assert loss_of(run) > 0.9 * prior_of(run)


def test_exploding_gradients_grow_by_fifty_through_the_layers():
    run = shown("exploding_gradients")
    deltas = [np.linalg.norm(delta) for delta in run.step_again(1).record.deltas]
    assert deltas[0] > 50 * deltas[-1]
    assert run.history["loss"][0] > 10


def test_dead_units_are_zero_for_every_example():
    run = shown("dead_units")
    level = all_examples(run).activations[1]
    assert (~level.any(axis=0)).sum() >= level.shape[1] - 1
    assert loss_of(run) > 2 * floor_of(run)


def test_saturated_units_are_at_the_ends_of_tanh():
    run = shown("saturated_units")
    for level in (1, 2):
        assert (np.abs(all_examples(run).activations[level]) > 0.99).mean() > 0.7
    assert loss_of(run) > 3 * floor_of(run)


def test_symmetric_units_stay_equal_and_learn_the_frequencies_alone():
    run = shown("symmetric_units")
    assert not run.model.weights[0].any()
    assert loss_of(run) == pytest.approx(prior_of(run), rel=0.1)


def test_the_overflow_comes_at_the_first_step_after_the_weights_were_set():
    run = shown("non_finite")
    finite = np.isfinite(run.history["loss"])
    assert finite[:100].all()
    assert not finite[100:].any()
    record = run.step_again(101).record
    assert len(record.set_by_hand) == 2
    assert not np.isfinite(record.pre_activations[0]).all()


def test_overfitting_raises_the_validation_loss_while_the_training_loss_falls():
    run = shown("overfitting")
    losses, validation = run.history["loss"], run.history["validation_loss"]
    validation = validation[np.isfinite(validation)]
    assert validation[-1] > 1.2 * validation.min()
    lowest = int(np.flatnonzero(run.history["validation_loss"] == validation.min())[0])
    assert loss_of(run) < losses[lowest : lowest + 50].mean()


def test_a_run_stuck_at_the_frequencies_gives_every_input_the_same_output():
    run = shown("stuck_at_prior")
    assert np.ptp(all_examples(run).logits, axis=0).max() == 0
    assert loss_of(run) == pytest.approx(prior_of(run), rel=0.05)


def test_a_network_too_small_stays_above_a_floor_that_eight_units_reach():
    run = shown("too_small")
    assert loss_of(run) > 5 * floor_of(run)
    wider = run.manager.create(**{**run.config, "hidden_dimension": 8})
    train_to(wider, DEMONSTRATIONS["too_small"].steps)
    assert loss_of(wider) < 1.2 * floor_of(run)


def test_a_decay_too_strong_shrinks_the_weights_and_without_it_the_run_learns():
    run = shown("weight_decay_too_strong")
    beginning = [np.linalg.norm(weights) for weights in run.at(0).weights]
    now = [np.linalg.norm(weights) for weights in run.model.weights]
    assert max(np.divide(now, beginning)) < 0.2
    assert loss_of(run) > 0.9 * prior_of(run)
    assert loss_of(fork(run, step=0, weight_decay=0)) < 0.3


@pytest.mark.parametrize(
    ("key", "fault"),
    [
        ("wrong_gradients", "no_activation_derivative"),
        ("wrong_update", "no_bias_correction"),
        ("wrong_loss", "double_softmax"),
    ],
)
def test_wrong_numbers_are_mistakes_of_the_fault_lab_with_which_the_run_learns(key, fault):
    run = shown(key)
    assert run.config["fault"] == fault
    assert fault in FAULTS
    assert run.history["accuracy"][-50:].mean() > 0.9


def test_the_wrong_gradients_are_off_by_half_and_the_loss_reaches_its_floor():
    run = shown("wrong_gradients")
    record = run.step_again(1).record
    healthy = fork(run, step=0, steps=1, fault=None).step_again(1).record
    right, wrong = healthy.weight_gradients[0], record.weight_gradients[0]
    assert np.linalg.norm(wrong - right) > 0.5 * np.linalg.norm(right)
    assert loss_of(run) < 1.5 * floor_of(run)


def test_the_wrong_updates_are_three_times_too_large_at_first_and_seven_times_at_most():
    run = shown("wrong_update")
    t = np.arange(1, 1001)
    ratios = (1 - 0.9**t) / np.sqrt(1 - 0.999**t)
    assert 6 < ratios.max() < 7
    assert ratios[-1] < 1.3
    record = run.step_again(1).record
    healthy = fork(run, step=0, steps=1, fault=None).step_again(1).record
    times = record.weight_updates[-1] / healthy.weight_updates[-1]
    assert np.median(times) == pytest.approx(ratios[0], rel=0.01)


def test_the_wrong_loss_is_above_the_least_value_of_its_formula():
    run = shown("wrong_loss")
    outputs = run.dataset.output_dimension
    assert run.history["loss"].min() >= np.log(1 + (outputs - 1) / np.e) - 1e-6
    record = all_examples(run)
    one_hot = np.eye(outputs, dtype=np.float32)[record.targets]
    true = LOSSES["cross_entropy"].examples(record.logits, one_hot).mean()
    assert true < record.loss - 0.2


def test_unused_data_leaves_most_windows_out():
    run = shown("unused_data")
    used = len(np.unique(np.asarray(run.dataset.sample_windows)))
    assert used <= 60
    assert len(run.dataset.windows) == 278


def test_ambiguous_data_reach_their_floor_far_above_zero():
    run = shown("ambiguous_data")
    assert floor_of(run) > 1
    assert all_examples(run).loss < 1.01 * floor_of(run)


def test_a_frozen_layer_gets_gradients_and_does_not_move():
    run = shown("frozen")
    assert np.array_equal(run.model.weights[0], run.at(0).weights[0])
    assert all_examples(run).weight_gradients[0].any()
    assert loss_of(run) < 0.1


def test_noisy_batches_jump_about_and_a_larger_batch_lowers_the_loss():
    run = shown("noisy_batches")
    last = run.history["loss"][-500:]
    assert last.std() > 0.5 * last.mean() > 0.5 * prior_of(run)
    assert loss_of(fork(run, steps=600, batch_size=64)) < 0.5 * last.mean()


def test_demonstrations_may_be_started_again_beside_each_other():
    manager = TrainingRunManager()
    runs = [demonstrate(manager, "frozen") for _ in range(2)]
    assert [run.name for run in manager.runs] == ["A frozen layer", "A frozen layer (2)"]
    assert manager.current is runs[1]


def test_an_unknown_demonstration_is_refused_with_the_nearest_known_one():
    with pytest.raises(SettingError, match="Did you mean 'overfitting'"):
        demonstrate(TrainingRunManager(), "overfiting")
