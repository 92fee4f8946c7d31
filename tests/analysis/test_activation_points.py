"""Where a batch lies on its activation function, held to torch and to the record."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from random_records import TORCH_ACTIVATIONS, records

from backprop_panel import Model, SequenceDataset, SettingError, Trainer
from backprop_panel.analysis.activation_points import BlockedUnit, activation_points
from backprop_panel.nn.activations import ACTIVATIONS


def record_with_bias(activation, bias):
    """A record of a network whose first unit of the first layer has an extreme bias."""
    model = Model(hidden_dimension=4, hidden_layers=2, activation=activation)
    model.biases[0][0] = bias
    return Trainer(model, SequenceDataset(num_samples=32), batch_size=8).run_batch()


@given(data=st.data(), record=records(most_layers=3))
@settings(max_examples=40, deadline=None)
def test_points_of_a_layer_are_the_records_own(data, record):
    layer = data.draw(st.integers(0, len(record.layers) - 1))
    points = activation_points(record, layer)
    assert points.activation == (*record.activation_names, "identity")[layer]
    np.testing.assert_array_equal(points.z, record.pre_activations[layer])
    np.testing.assert_array_equal(points.a, record.activations[layer + 1])
    np.testing.assert_array_equal(points.slopes, record.activation_slopes[layer])


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_curves_are_torchs_function_and_its_derivative(activation):
    points = activation_points(record_with_bias(activation, 20), 0)
    z = torch.tensor(points.curve_z, requires_grad=True)
    values = TORCH_ACTIVATIONS[activation](z)
    values.sum().backward()
    np.testing.assert_allclose(points.curve_values, values.detach().numpy(), atol=1e-12)
    np.testing.assert_allclose(points.curve_slopes, z.grad.numpy(), atol=1e-12)


@pytest.mark.parametrize("bias", [-1e6, -20, 0, 20, 1e6])
def test_the_range_holds_the_batch_and_the_bend(bias):
    points = activation_points(record_with_bias("tanh", bias), 0)
    assert points.curve_z[0] <= points.z.min() and points.z.max() <= points.curve_z[-1]
    assert (np.diff(points.curve_z) > 0).all()
    assert np.count_nonzero(np.abs(points.curve_z) <= 6) > 200


def test_points_of_a_unit_are_its_column():
    record = record_with_bias("tanh", 20)
    points = activation_points(record, 1, 3)
    assert points.units.tolist() == [3]
    np.testing.assert_array_equal(points.z, record.pre_activations[1][:, [3]])


@pytest.mark.parametrize(
    ("activation", "bias", "of_example", "of_unit"),
    [
        ("relu", -20, "inactive", "inactive"),
        ("gelu", -20, "inactive", "inactive"),
        ("tanh", -20, "saturated", "saturated"),
        ("tanh", 20, "saturated", "saturated"),
        ("sigmoid", -20, "saturated", "saturated"),
        ("sigmoid", 20, "saturated", "saturated"),
    ],
)
def test_a_blocked_unit_is_named_by_the_fields_word(activation, bias, of_example, of_unit):
    points = activation_points(record_with_bias(activation, bias), 0)
    assert BlockedUnit(0, of_unit) in points.blocked
    of_first = points.flat[:, 1] == 0
    assert points.flat[of_first, 0].tolist() == list(range(8))
    assert set(points.kinds[of_first]) == {of_example}


def test_the_minimum_of_gelu_is_flat_but_neither_dead_nor_saturated():
    model = Model(hidden_dimension=1, hidden_layers=1)
    model.weights[0][...], model.biases[0][...] = 0, -0.7525
    record = Trainer(model, SequenceDataset(num_samples=32), batch_size=8).run_batch()
    points = activation_points(record, 0)
    assert set(points.kinds) == {"flat"}
    assert points.blocked == (BlockedUnit(0, "flat"),)


@given(record=records(most_layers=3))
@settings(max_examples=40, deadline=None)
def test_flat_examples_are_all_with_a_slope_below_a_hundredth(record):
    for layer, slopes in enumerate(record.activation_slopes):
        points = activation_points(record, layer)
        assert points.flat.tolist() == np.argwhere(abs(slopes) < 0.01).tolist()
        assert len(points.kinds) == len(points.flat)
        blocked = [unit.unit for unit in points.blocked]
        assert blocked == np.flatnonzero((abs(slopes) < 0.01).all(axis=0)).tolist()


def test_outputs_have_the_identity_on_which_nothing_is_flat():
    points = activation_points(record_with_bias("relu", 0), 2)
    assert (points.activation, points.blocked, len(points.flat)) == ("identity", (), 0)


def test_values_that_are_not_finite_do_not_spoil_the_range():
    record = record_with_bias("relu", np.inf)
    points = activation_points(record, 0)
    assert np.isinf(points.z).any() and np.isfinite(points.curve_z).all()


@pytest.mark.parametrize(
    ("layer", "unit", "message"),
    [
        (3, None, "layer must be a whole number from 0 to 2, got 3"),
        (-1, None, "got -1"),
        ("1", None, "got '1'"),
        (1, 4, "unit must be a whole number from 0 to 3, got 4"),
        (1, 1.5, "got 1.5"),
    ],
)
def test_a_layer_or_unit_that_does_not_exist_is_refused(layer, unit, message):
    with pytest.raises(SettingError, match=message):
        activation_points(record_with_bias("relu", 0), layer, unit)
