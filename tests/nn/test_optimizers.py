"""Each optimizer, step by step beside torch's."""

import numpy as np
import pytest
import torch

from backprop_panel import Model, SequenceDataset, Trainer
from backprop_panel.nn.optimizers import OPTIMIZERS

SIZE, STEPS = 64, 50
NEVER_SEEN = 8
"""So many parameters have a zero gradient always, like the weights of a token that never occurs."""

TORCH = {
    "sgd": torch.optim.SGD,
    "momentum": lambda *args, **settings: torch.optim.SGD(*args, **settings, momentum=0.9),
    "rmsprop": torch.optim.RMSprop,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
}

every_optimizer = pytest.mark.parametrize("name", OPTIMIZERS)
with_and_without_decay = pytest.mark.parametrize("weight_decay", [0, 0.01])


@pytest.fixture
def start():
    return np.random.default_rng(0).normal(0, 1, SIZE).astype(np.float32)


@pytest.fixture
def gradients():
    drawn = np.random.default_rng(1).normal(0.2, 1, (STEPS, SIZE)).astype(np.float32)
    drawn[:, :NEVER_SEEN] = 0
    return drawn


def each_step_by_torch(name, start, gradients, learning_rates, weight_decay):
    parameters = torch.tensor(start, requires_grad=True)
    optimizer = TORCH[name]([parameters], lr=learning_rates[0], weight_decay=weight_decay)
    for gradient, learning_rate in zip(gradients, learning_rates, strict=True):
        optimizer.param_groups[0]["lr"] = learning_rate
        parameters.grad = torch.tensor(gradient)
        optimizer.step()
        yield parameters.detach().numpy().copy()


def each_step_by_hand(name, start, gradients, learning_rates, weight_decay):
    """Yield the parameters and the state after each step."""
    parameters = start.copy()
    state = OPTIMIZERS[name](learning_rates[0]).initial_state(len(start))
    for gradient, learning_rate in zip(gradients, learning_rates, strict=True):
        OPTIMIZERS[name](learning_rate, weight_decay).step(parameters, gradient, state)
        yield parameters, state


def assert_follows_torch(name, start, gradients, learning_rates, weight_decay):
    arguments = (name, start, gradients, learning_rates, weight_decay)
    steps = zip(each_step_by_hand(*arguments), each_step_by_torch(*arguments), strict=True)
    for (ours, _), theirs in steps:
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)


def test_there_is_a_torch_optimizer_to_compare_each_one_with():
    assert set(TORCH) == set(OPTIMIZERS)


@every_optimizer
@with_and_without_decay
def test_parameters_follow_torchs_for_fifty_steps(name, weight_decay, start, gradients):
    assert_follows_torch(name, start, gradients, [0.01] * STEPS, weight_decay)


@every_optimizer
@with_and_without_decay
def test_parameters_follow_torchs_through_a_change_of_learning_rate(
    name, weight_decay, start, gradients
):
    half = STEPS // 2
    learning_rates = [0.01] * half + [0.002] * (STEPS - half)
    assert_follows_torch(name, start, gradients, learning_rates, weight_decay)


@pytest.mark.parametrize("name", ["adam", "adamw"])
def test_decay_of_a_parameter_without_gradient_is_l2_or_decoupled(name, start, gradients):
    """L2 decay becomes a step of about η whatever the weight; decoupled decay is ηλθ."""
    parameters, _ = next(each_step_by_hand(name, start, gradients, [0.01] * STEPS, 0.1))
    change = (start - parameters)[:NEVER_SEEN]
    expected = 0.01 * np.sign(start) if name == "adam" else 0.01 * 0.1 * start
    np.testing.assert_allclose(change, expected[:NEVER_SEEN], rtol=1e-3)


@every_optimizer
def test_tiny_gradients_are_stepped_on_as_torch_does(name, start, gradients):
    assert_follows_torch(name, start, gradients * np.float32(1e-7), [0.01] * STEPS, 0)


@every_optimizer
@with_and_without_decay
def test_gradients_are_only_read(name, weight_decay, start, gradients):
    gradients.flags.writeable = False
    before = gradients.copy()
    for _ in each_step_by_hand(name, start, gradients, [0.01] * STEPS, weight_decay):
        pass
    assert np.array_equal(gradients, before)


@every_optimizer
@with_and_without_decay
def test_the_update_equals_the_change_bit_for_bit(name, weight_decay, start, gradients):
    before = start
    steps = each_step_by_hand(name, start, gradients, [0.01] * STEPS, weight_decay)
    for parameters, state in steps:
        assert np.array_equal(parameters, before + state.update)
        before = parameters.copy()


@every_optimizer
def test_parameters_without_gradient_or_decay_stay(name, start, gradients):
    for parameters, _ in each_step_by_hand(name, start, gradients, [0.01] * STEPS, 0):
        assert np.array_equal(parameters[:NEVER_SEEN], start[:NEVER_SEEN])


@every_optimizer
def test_learning_rate_changes_neither_moments_nor_their_course(name, start, gradients):
    steady = each_step_by_hand(name, start, gradients, [0.01] * STEPS, 0)
    changing = each_step_by_hand(name, start, gradients, np.linspace(0.01, 1, STEPS), 0)
    for (_, one), (_, other) in zip(steady, changing, strict=True):
        assert one.steps == other.steps
        for moment in OPTIMIZERS[name].moment_names:
            assert np.array_equal(one.moments[moment], other.moments[moment])


@every_optimizer
def test_state_begins_with_zero_moments_and_no_steps(name):
    state = OPTIMIZERS[name](0.1).initial_state(5)
    assert state.steps == 0
    assert set(state.moments) == set(OPTIMIZERS[name].moment_names)
    assert not any(moment.any() for moment in state.moments.values())


@every_optimizer
def test_state_counts_the_steps(name, start, gradients):
    *_, (_, state) = each_step_by_hand(name, start, gradients, [0.01] * STEPS, 0)
    assert state.steps == STEPS


@every_optimizer
def test_steps_go_on_from_a_copied_state_bit_for_bit(name, start, gradients):
    rule, half = OPTIMIZERS[name](0.01, 0.01), STEPS // 2
    straight, state = start.copy(), rule.initial_state(SIZE)
    for gradient in gradients[:half]:
        rule.step(straight, gradient, state)
    copied, copy = straight.copy(), state.copy()
    for gradient in gradients[half:]:
        rule.step(straight, gradient, state)
    for gradient in gradients[half:]:
        rule.step(copied, gradient, copy)
    assert np.array_equal(straight, copied)


@every_optimizer
def test_everything_stays_float32(name, start, gradients):
    *_, (parameters, state) = each_step_by_hand(name, start, gradients, [0.01] * STEPS, 0.01)
    for array in (parameters, state.update, state.scratch, *state.moments.values()):
        assert array.dtype == np.float32


@every_optimizer
def test_a_trainer_keeps_the_state_when_its_learning_rate_changes(name):
    data = SequenceDataset(num_samples=32)
    model = Model(input_dimension=data.input_dimension, output_dimension=data.output_dimension)
    trainer = Trainer(model, data, optimizer=name, batch_size=8)
    trainer.run_batch()
    state = trainer.engine.optimizer_state
    trainer.learning_rate = 0.5
    trainer.run_batch()
    assert trainer.engine.optimizer_state is state
    assert state.steps == 2


@every_optimizer
def test_each_optimizer_is_listed_under_its_own_name(name):
    assert OPTIMIZERS[name].name == name
