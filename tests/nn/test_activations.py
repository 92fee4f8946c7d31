"""Each activation function and its derivative."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from backprop_panel.nn.activations import ACTIVATIONS

TORCH = {
    "gelu": lambda z: torch.nn.functional.gelu(z, approximate="tanh"),
    "relu": torch.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "identity": lambda z: z * 1,
}
POINTS = np.concatenate([np.linspace(-12, 12, 481), [-1e4, -100, -30, 30, 100, 1e4]])
STEP = 1e-3

every_activation = pytest.mark.parametrize("name", ACTIVATIONS)


def value_and_derivative(name, z):
    """f(z) and f'(z), through buffers that hold NaN where nothing is written."""
    activation = ACTIVATIONS[name]
    a, slope, scratch, *kept = (np.full_like(z, np.nan) for _ in range(5))
    activation.value(z, a, kept)
    activation.derivative(z, a, kept, slope, scratch)
    return a, slope


def value_and_derivative_by_torch(name, z):
    variable = torch.tensor(z, requires_grad=True)
    value = TORCH[name](variable)
    value.sum().backward()
    return value.detach().numpy(), variable.grad.numpy()


def test_there_is_a_torch_function_to_compare_each_activation_with():
    assert set(TORCH) == set(ACTIVATIONS)


@every_activation
def test_value_is_torchs(name):
    value, _ = value_and_derivative(name, POINTS)
    theirs, _ = value_and_derivative_by_torch(name, POINTS)
    np.testing.assert_allclose(value, theirs, rtol=1e-14, atol=1e-14)


@every_activation
def test_derivative_is_torchs(name):
    _, slope = value_and_derivative(name, POINTS)
    _, theirs = value_and_derivative_by_torch(name, POINTS)
    np.testing.assert_allclose(slope, theirs, rtol=1e-13, atol=1e-13)


@every_activation
def test_float32_value_and_derivative_are_torchs_to_float32_accuracy(name):
    ours = value_and_derivative(name, POINTS.astype(np.float32))
    theirs = value_and_derivative_by_torch(name, POINTS.astype(np.float32))
    for own, their in zip(ours, theirs, strict=True):
        assert own.dtype == np.float32
        np.testing.assert_allclose(own, their, rtol=1e-5, atol=1e-5)


@every_activation
@settings(derandomize=True, deadline=None, max_examples=100, database=None)
@given(z=st.floats(-10, 10))
def test_derivative_is_the_slope_of_the_value(name, z):
    assume(name != "relu" or abs(z) > 2 * STEP)
    below_2, below, above, above_2 = value_and_derivative(
        name, z + STEP * np.array([-2.0, -1.0, 1.0, 2.0])
    )[0]
    _, (slope,) = value_and_derivative(name, np.array([z]))
    by_differences = (8 * (above - below) - (above_2 - below_2)) / (12 * STEP)
    assert slope == pytest.approx(by_differences, rel=1e-9, abs=1e-9)


def test_relu_is_flat_at_its_corner():
    value, slope = value_and_derivative("relu", np.array([0.0, -0.0]))
    assert value.tolist() == [0, 0]
    assert slope.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("name", "left", "right"),
    [
        ("gelu", (0, 0), (1e4, 1)),
        ("relu", (0, 0), (1e4, 1)),
        ("tanh", (-1, 0), (1, 0)),
        ("sigmoid", (0, 0), (1, 0)),
        ("identity", (-1e4, 1), (1e4, 1)),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_far_from_zero_value_and_derivative_are_the_limits(name, left, right, dtype):
    value, slope = value_and_derivative(name, np.array([-1e4, 1e4], dtype))
    assert list(zip(value, slope, strict=True)) == [left, right]


@every_activation
def test_derivative_leaves_all_that_it_reads_as_it_was(name):
    activation = ACTIVATIONS[name]
    z = np.linspace(-3, 3, 13)
    a, *kept = (np.zeros_like(z) for _ in range(3))
    activation.value(z, a, kept)
    assert np.array_equal(z, np.linspace(-3, 3, 13))
    before = [array.copy() for array in (z, a, *kept)]
    activation.derivative(z, a, kept, np.empty_like(z), np.empty_like(z))
    for array, copy in zip((z, a, *kept), before, strict=True):
        assert np.array_equal(array, copy)


@every_activation
def test_value_can_be_written_beside_a_column_of_ones(name):
    z = np.linspace(-3, 3, 12).reshape(3, 4)
    block = np.ones((3, 5))
    ACTIVATIONS[name].value(z, block[:, :-1], (np.empty_like(z), np.empty_like(z)))
    assert np.array_equal(block[:, :-1], value_and_derivative(name, z)[0])
    assert np.array_equal(block[:, -1], np.ones(3))


@every_activation
def test_each_activation_is_listed_under_its_own_name(name):
    assert ACTIVATIONS[name].name == name
