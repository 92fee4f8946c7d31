"""The training code computes what the blackboard form says, for every step of any network."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_panel import Model, SequenceDataset, Trainer
from backprop_panel.nn import activations, losses, optimizers, reference

quick = settings(derandomize=True, deadline=None, max_examples=60, database=None)
rules = st.sampled_from(sorted(reference.OPTIMIZERS))
layers = st.lists(
    st.tuples(st.integers(1, 40), st.sampled_from(sorted(reference.ACTIVATIONS))), max_size=5
)


def trainer_of(layers, **settings):
    data = SequenceDataset(num_samples=50, seed=3)
    model = Model(
        input_dimension=data.input_dimension,
        output_dimension=data.output_dimension,
        hidden_dimension=[width for width, _ in layers],
        activation=[name for _, name in layers],
        hidden_layers=len(layers),
        seed=5,
    )
    return Trainer(model, data, batch_size=8, **settings)


def as_float64(arrays):
    return [np.asarray(array, np.float64) for array in arrays]


def flat(layers):
    return np.concatenate([np.asarray(layer, np.float64).ravel() for layer in layers])


def assert_close(found, expected):
    """Equal to the rounding of float32, of sums of some dozens of terms."""
    for ours, theirs in zip(found, expected, strict=True):
        scale = np.abs(theirs).max(initial=0)
        np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=4e-6 * scale + 1e-12)


def test_the_reference_knows_all_that_there_is():
    assert reference.ACTIVATIONS.keys() == activations.ACTIVATIONS.keys()
    assert reference.LOSSES.keys() == losses.LOSSES.keys()
    assert reference.OPTIMIZERS.keys() == optimizers.OPTIMIZERS.keys()


@quick
@given(layers=layers, loss_type=st.sampled_from(sorted(reference.LOSSES)), steps=st.integers(0, 5))
def test_a_step_equals_the_reference(layers, loss_type, steps):
    trainer = trainer_of(layers, loss_type=loss_type, learning_rate=0.1)
    for _ in range(steps):
        trainer.run_batch()
    record = trainer.run_batch()
    expected = reference.forward_and_backward(
        *(np.asarray(record.inputs, np.float64), record.targets),
        *(as_float64(record.weights), as_float64(record.biases)),
        *([name for _, name in layers], loss_type),
    )
    assert record.loss == pytest.approx(expected.loss, rel=1e-5)
    assert record.example_losses.mean() == pytest.approx(expected.loss, rel=1e-5)
    names = [*(name for _, name in layers), "identity"]
    for name, z, slopes in zip(
        names, expected.pre_activations, record.activation_slopes, strict=True
    ):
        np.testing.assert_allclose(slopes, reference.ACTIVATIONS[name][1](z), atol=2e-5)
    for quantity in (
        *("pre_activations", "activations", "deltas"),
        *("activation_gradients", "weight_gradients", "bias_gradients"),
    ):
        assert_close(getattr(record, quantity), getattr(expected, quantity))


@quick
@given(rule=rules, weight_decay=st.sampled_from([0.0, 0.1]), steps=st.integers(0, 12))
def test_an_update_equals_the_reference(rule, weight_decay, steps):
    layers = [(6, "tanh")]
    trainer = trainer_of(layers, optimizer=rule, weight_decay=weight_decay, learning_rate=0.01)
    for _ in range(steps):
        trainer.run_batch()
    record = trainer.run_batch()
    update, moments = reference.update(
        *(rule, flat(record.layers), flat(record.layer_gradients)),
        *({name: flat(each) for name, each in record.moments.items()}, record.optimizer_steps),
        *(trainer.learning_rate, weight_decay),
    )
    assert_close([flat(record.layer_updates)], [update])
    after = trainer.engine.optimizer_state.moments
    assert after.keys() == moments.keys()
    assert_close(after.values(), [moments[name] for name in after])
