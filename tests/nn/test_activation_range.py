"""Values and slopes of the activations over the whole range of floats, against closed forms."""

from decimal import MAX_EMAX, MIN_EMIN, Decimal, localcontext
from math import pi

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_panel.nn.activations import ACTIVATIONS
from backprop_panel.nn.losses import softmax

EPSILON = 2.0**-23
LEAST = 2.0**-149
"""The smallest float32 above zero, which is also the spacing of all below 2⁻¹²⁵."""

every_activation = pytest.mark.parametrize("name", ACTIVATIONS)


def value_and_slope(name, z):
    activation = ACTIVATIONS[name]
    a, slope, scratch, *kept = (np.full_like(z, np.nan) for _ in range(5))
    activation.value(z, a, kept)
    activation.derivative(z, a, kept, slope, scratch)
    return a, slope


def all_magnitudes():
    """Float32 numbers of every exponent, both signs, and more of them where functions bend."""
    mantissas = np.random.default_rng(0).integers(0, 2**23, (255, 200), dtype=np.uint32)
    mantissas[:, :2] = 0, 2**23 - 1
    positive = (np.arange(255, dtype=np.uint32)[:, np.newaxis] << 23 | mantissas).view(np.float32)
    bends = np.concatenate([np.linspace(-limit, limit, 50_001) for limit in (1, 12, 110)])
    return np.concatenate([positive.ravel(), -positive.ravel(), bends.astype(np.float32)])


def logistic(x):
    """1 / (1 + e⁻ˣ), and its slope; each side in the form that loses no digits."""
    power = np.exp(-np.abs(x))
    return np.where(x < 0, power, 1) / (1 + power), power / (1 + power) ** 2


def gelu(z):
    """Value and slope, and of each how far roundings of a float32's size may take it."""
    near = np.clip(z, -30, 30)  # beyond, the gate is 0 or 1 in float64 as well
    inner = 2 * np.sqrt(2 / pi) * (near + 0.044715 * near**3)
    gate, steepness = logistic(inner)
    rise = near * steepness * 2 * np.sqrt(2 / pi) * (1 + 3 * 0.044715 * near**2)
    value, slope = np.maximum(z, -30) * gate, gate + rise
    # An exponent of 2u is rounded by as much as it is large; 1 - h is rounded as 1 is.
    roundings = EPSILON * (4 + 1.5 * np.abs(np.minimum(inner, 0)))
    of_slope = np.where(z > 0, 20 * EPSILON, roundings * (gate + np.abs(rise)))
    return value, slope, roundings * np.abs(value) + 1e-24, of_slope + 2e-23


def expected(name, z):
    """Return value and slope in float64, and the error that is allowed in float32 of each."""
    z = z.astype(np.float64)
    if name == "gelu":
        return gelu(z)
    if name == "sigmoid":
        value, slope = logistic(z)
        return value, slope, 4 * EPSILON * value + LEAST, 6 * EPSILON * slope + LEAST
    if name == "tanh":
        value = np.tanh(z)
        slope = 4 * logistic(2 * z)[1]
        return value, slope, 2 * EPSILON * np.abs(value), np.full_like(z, 3 * EPSILON)
    value, slope = (np.maximum(z, 0), (z > 0) * 1.0) if name == "relu" else (z, np.ones_like(z))
    return value, slope, np.zeros_like(z), np.zeros_like(z)


def assert_right(name, z):
    a, slope = value_and_slope(name, z)
    value, true_slope, error, slope_error = expected(name, z)
    assert a.dtype == slope.dtype == np.float32
    for given_, right, allowed in ((a, value, error), (slope, true_slope, slope_error)):
        # Equal infinities differ by NaN.
        far = ~((given_ == right) | (np.abs(given_ - right) <= allowed))
        assert not far.any(), list(zip(z[far], given_[far], right[far], strict=True))[:5]


@every_activation
def test_value_and_slope_are_right_at_every_magnitude(name):
    assert_right(name, all_magnitudes())


@every_activation
@settings(derandomize=True, deadline=None, max_examples=100, database=None)
@given(numbers=st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=40))
def test_value_and_slope_are_right_for_any_floats(name, numbers):
    finite = [number for number in numbers if np.isfinite(number)]
    assert_right(name, np.array(finite, np.float32))


@pytest.mark.parametrize(
    ("name", "values", "slopes"),
    [
        ("gelu", (0, np.inf), (0, 1)),
        ("relu", (0, np.inf), (0, 1)),
        ("tanh", (-1, 1), (0, 0)),
        ("sigmoid", (0, 1), (0, 0)),
        ("identity", (-np.inf, np.inf), (1, 1)),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_at_infinity_value_and_slope_are_the_limits(name, values, slopes, dtype):
    value, slope = value_and_slope(name, np.array([-np.inf, np.inf], dtype))
    assert (tuple(value), tuple(slope)) == (values, slopes)


@every_activation
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_only_nan_gives_nan(name, dtype):
    largest = np.finfo(dtype).max
    value, slope = value_and_slope(name, np.array([np.nan, -largest, largest, 1e13, -1e13], dtype))
    assert np.isnan(value).tolist() == [True, False, False, False, False]
    assert not np.isnan(slope[1:]).any()


def test_gelu_gives_no_subnormal_numbers_but_for_them():
    """They would slow down the matrix products after it."""
    z = np.linspace(-20, -1, 100_001, dtype=np.float32)
    for numbers in value_and_slope("gelu", z):
        assert not ((numbers != 0) & (np.abs(numbers) < np.finfo(np.float32).tiny)).any()


def exactly(name, z):
    """Return value and slope with 60 digits, by the textbook's formula."""
    with localcontext(prec=60, Emax=MAX_EMAX, Emin=MIN_EMIN):
        x = Decimal(float(z))
        root = (
            2 / Decimal("3.14159265358979323846264338327950288419716939937510582097494459")
        ).sqrt()
        cubic = Decimal("0.044715")
        if name == "gelu":
            power = (2 * root * (x + cubic * x**3)).exp()
            gate = power / (1 + power)
            rise = x * 2 * root * (1 + 3 * cubic * x**2) * gate / (1 + power)
            return float(x * gate), float(gate + rise)
        power = (2 * x if name == "tanh" else x).exp()
        if name == "tanh":
            return float((power - 1) / (power + 1)), float(4 * power / (1 + power) ** 2)
        return float(power / (1 + power)), float(power / (1 + power) ** 2)


POINTS = [
    -700.0,
    -100.0,
    -40.0,
    -14.0,
    -9.0,
    -5.0,
    -3.0,
    -1.0,
    -1e-3,
    1e-9,
    0.5,
    2.0,
    5.0,
    30.0,
    700.0,
]


@pytest.mark.parametrize("name", ["gelu", "tanh", "sigmoid"])
def test_closed_forms_equal_those_of_the_textbook(name):
    """What judges float32 is itself judged: by arithmetic with 60 digits."""
    value, slope, *_ = expected(name, np.array(POINTS))
    for z, *computed in zip(POINTS, value, slope, strict=True):
        for number, right in zip(computed, exactly(name, z), strict=True):
            assert number == pytest.approx(right, rel=1e-12, abs=1e-300)


@pytest.mark.parametrize(("name", "rel"), [("gelu", 1e-12), ("sigmoid", 2e-15), ("tanh", 1e-15)])
def test_float64_values_keep_their_digits_as_well(name, rel):
    values, slopes = value_and_slope(name, np.array(POINTS))
    for z, value, slope in zip(POINTS, values, slopes, strict=True):
        right, right_slope = exactly(name, z)
        assert value == pytest.approx(right, rel=rel, abs=1e-150)
        assert slope == pytest.approx(right_slope, rel=10 * rel, abs=1e-15)


@settings(derandomize=True, deadline=None, max_examples=100, database=None)
@given(st.lists(st.floats(-(2.0**126), 2.0**126, width=32), min_size=2, max_size=6))
def test_softmax_is_right_for_any_logits(numbers):
    logits = np.array([numbers], np.float32)
    below = logits.astype(np.float64) - logits.max()
    powers = np.exp(below)
    right = powers / powers.sum()
    allowed = EPSILON * right * (8 + np.abs(np.maximum(below, -110))) + LEAST
    assert (np.abs(softmax(logits) - right) <= allowed).all()


@pytest.mark.parametrize(("dtype", "below", "above"), [("float32", 8, 10.1), ("float64", 18, 20)])
def test_the_slope_of_tanh_is_zero_where_its_value_is_rounded_to_one(dtype, below, above):
    _, slope = value_and_slope("tanh", np.array([-above, -below, below, above], dtype))
    assert (slope > 0).tolist() == [False, True, True, False]
