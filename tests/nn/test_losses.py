"""Each loss on logits and its derivative."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from backprop_panel.nn.losses import LOSSES, softmax

STEP = 1e-3

every_loss = pytest.mark.parametrize("name", LOSSES)


@st.composite
def logits_and_targets(draw, largest=20.0):
    batch, outputs = draw(st.integers(1, 4)), draw(st.integers(1, 5))
    logits = draw(arrays(np.float64, (batch, outputs), elements=st.floats(-largest, largest)))
    targets = draw(arrays(np.intp, (batch,), elements=st.integers(0, outputs - 1)))
    return logits, targets


def value_and_derivative(name, logits, targets):
    """The loss and dLoss/dlogits, through buffers that hold NaN where nothing is written."""
    one_hot = np.eye(logits.shape[1], dtype=logits.dtype)[targets]
    out, column = np.full_like(logits, np.nan), np.full((len(logits), 1), np.nan, logits.dtype)
    LOSSES[name].derivative(logits, one_hot, out, column)
    return LOSSES[name].examples(logits, one_hot).mean(axis=-1), out


def value_and_derivative_by_torch(name, logits, targets):
    variable = torch.tensor(logits, requires_grad=True)
    indices = torch.tensor(targets)
    if name == "mse":
        one_hot = torch.nn.functional.one_hot(indices, logits.shape[1]).to(variable.dtype)
        value = torch.nn.functional.mse_loss(variable, one_hot)
    else:
        value = torch.nn.functional.cross_entropy(variable, indices)
    value.backward()
    return value.item(), variable.grad.numpy()


@every_loss
@settings(derandomize=True, deadline=None, max_examples=50, database=None)
@given(case=logits_and_targets())
def test_value_is_torchs(name, case):
    value, _ = value_and_derivative(name, *case)
    theirs, _ = value_and_derivative_by_torch(name, *case)
    assert value == pytest.approx(theirs, rel=1e-13, abs=1e-13)


@every_loss
@settings(derandomize=True, deadline=None, max_examples=50, database=None)
@given(case=logits_and_targets())
def test_derivative_is_torchs(name, case):
    _, derivative = value_and_derivative(name, *case)
    _, theirs = value_and_derivative_by_torch(name, *case)
    np.testing.assert_allclose(derivative, theirs, rtol=1e-13, atol=1e-13)


@every_loss
@settings(derandomize=True, deadline=None, max_examples=30, database=None)
@given(case=logits_and_targets())
def test_derivative_is_the_slope_of_the_value(name, case):
    logits, targets = case
    _, derivative = value_and_derivative(name, logits, targets)
    for place in np.ndindex(logits.shape):
        values = {}
        for steps in (-2, -1, 1, 2):
            moved = logits.copy()
            moved[place] += steps * STEP
            values[steps], _ = value_and_derivative(name, moved, targets)
        slope = (8 * (values[1] - values[-1]) - (values[2] - values[-2])) / (12 * STEP)
        assert derivative[place] == pytest.approx(slope, rel=1e-9, abs=1e-9)


@every_loss
def test_float32_value_and_derivative_are_torchs_to_float32_accuracy(name):
    random = np.random.default_rng(0)
    logits = random.normal(0, 3, (64, 10)).astype(np.float32)
    targets = random.integers(0, 10, 64)
    value, derivative = value_and_derivative(name, logits, targets)
    their_value, their_derivative = value_and_derivative_by_torch(name, logits, targets)
    assert derivative.dtype == np.float32
    assert value == pytest.approx(their_value, rel=1e-6)
    np.testing.assert_allclose(derivative, their_derivative, rtol=1e-5, atol=1e-8)


@every_loss
def test_logits_and_targets_are_only_read(name):
    logits, targets = np.array([[1.0, -2.0, 3.0], [0.5, 0.0, 1.0]]), np.array([2, 0])
    logits.flags.writeable = targets.flags.writeable = False
    value, _ = value_and_derivative(name, logits, targets)
    assert np.isfinite(value)


@every_loss
@pytest.mark.parametrize(("batch", "outputs"), [(1, 4), (5, 3), (32, 4), (32, 30)])
def test_losses_of_many_steps_at_once_equal_those_of_each(name, batch, outputs):
    random = np.random.default_rng(0)
    logits = random.normal(0, 3, (9, outputs, batch)).astype(np.float32).swapaxes(1, 2)
    one_hot = np.eye(outputs, dtype=np.float32)[random.integers(0, outputs, (9, batch))]
    one_hot = np.ascontiguousarray(one_hot.swapaxes(1, 2)).swapaxes(1, 2)
    together = LOSSES[name].examples(logits, one_hot).mean(axis=-1)
    for step in range(9):
        alone = LOSSES[name].examples(logits[step : step + 1], one_hot[step : step + 1])
        assert alone.mean(axis=-1) == together[step]


def test_mean_squared_error_is_zero_at_the_one_hot_target():
    value, derivative = value_and_derivative("mse", np.eye(3), np.arange(3))
    assert value == 0
    assert not derivative.any()


def test_mean_squared_error_averages_over_examples_and_outputs():
    logits, targets = np.array([[3.0, 0.0], [0.0, 1.0]]), np.array([0, 1])
    assert value_and_derivative("mse", logits, targets)[0] == (3 - 1) ** 2 / 4


@pytest.mark.parametrize("outputs", [1, 2, 7])
def test_cross_entropy_of_equal_logits_is_the_logarithm_of_their_number(outputs):
    value, _ = value_and_derivative("cross_entropy", np.full((2, outputs), 5.0), np.array([0, 0]))
    assert value == pytest.approx(np.log(outputs), abs=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("target", "loss"), [(0, 0), (1, 2e4), (2, 1e4)])
def test_cross_entropy_of_huge_logits_is_the_distance_to_the_largest(target, loss, dtype):
    logits = np.array([[1e4, -1e4, 0]], dtype)
    assert value_and_derivative("cross_entropy", logits, np.array([target]))[0] == loss


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("logit", [1e4, -1e4])
def test_cross_entropy_of_equal_huge_logits_is_that_of_equal_small_ones(logit, dtype):
    huge, small = np.full((1, 3), logit, dtype), np.zeros((1, 3), dtype)
    targets = np.array([1])
    value, derivative = value_and_derivative("cross_entropy", huge, targets)
    expected_value, expected_derivative = value_and_derivative("cross_entropy", small, targets)
    assert value == expected_value
    assert np.array_equal(derivative, expected_derivative)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cross_entropy_derivative_of_huge_logits(dtype):
    logits = np.array([[1e4, -1e4, 0], [-1e4, 1e4, -1e4]], dtype)
    _, derivative = value_and_derivative("cross_entropy", logits, np.array([1, 1]))
    assert derivative.tolist() == [[0.5, -0.5, 0], [0, 0, 0]]


@settings(derandomize=True, deadline=None, max_examples=50, database=None)
@given(case=logits_and_targets(largest=1e4))
def test_cross_entropy_is_torchs_for_logits_of_any_size(case):
    value, derivative = value_and_derivative("cross_entropy", *case)
    their_value, their_derivative = value_and_derivative_by_torch("cross_entropy", *case)
    assert value == pytest.approx(their_value, rel=1e-12, abs=1e-12)
    np.testing.assert_allclose(derivative, their_derivative, rtol=1e-10, atol=1e-12)


@settings(derandomize=True, deadline=None, max_examples=200, database=None)
@given(case=logits_and_targets(largest=float(np.finfo(np.float32).max)))
def test_float32_cross_entropy_is_right_over_all_of_float32(case):
    logits, targets = case[0].astype(np.float32), case[1]
    examples = LOSSES["cross_entropy"].examples
    one_hot = np.eye(logits.shape[1], dtype=np.float32)[targets]
    with np.errstate(over="ignore"):  # the loss itself may be beyond float32
        found, exact = examples(logits, one_hot), examples(logits.astype(float), one_hot)
        expected = exact.astype(np.float32)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("target", [0, 1, 2])
def test_cross_entropy_is_torchs_beside_a_logit_of_minus_infinity(target):
    case = np.array([[0.5, -0.3, -np.inf]]), np.array([target])
    found, _ = value_and_derivative("cross_entropy", *case)
    assert found == value_and_derivative_by_torch("cross_entropy", *case)[0]


@settings(derandomize=True, deadline=None, max_examples=50, database=None)
@given(case=logits_and_targets(largest=1e4))
def test_softmax_is_torchs(case):
    logits, _ = case
    theirs = torch.softmax(torch.tensor(logits), dim=1).numpy()
    np.testing.assert_allclose(softmax(logits), theirs, rtol=1e-10, atol=1e-15)


@every_loss
def test_each_loss_is_listed_under_its_own_name(name):
    assert LOSSES[name].name == name


def test_probabilities_that_round_to_nothing_have_no_gradient():
    rows = np.linspace(0, -120, 40, dtype=np.float32)
    logits = np.column_stack([np.zeros_like(rows), rows])
    _, derivative = value_and_derivative("cross_entropy", logits, np.zeros(len(rows), np.intp))
    sizes = np.abs(derivative[:, 1])
    assert sizes[0] == pytest.approx(0.5 / 40)
    assert not sizes[-20:].any()
    assert (sizes[sizes > 0] > 1e-24).all()


def test_small_probabilities_keep_all_their_digits_in_the_gradient():
    rows = np.linspace(0, -46, 200, dtype=np.float32)  # down to the smallest that counts
    logits = np.column_stack([np.zeros_like(rows), rows])
    _, derivative = value_and_derivative("cross_entropy", logits, np.zeros(len(rows), np.intp))
    probabilities = softmax(logits.astype(float))[:, 1]
    np.testing.assert_allclose(derivative[:, 1] * len(rows), probabilities, rtol=1e-6)
