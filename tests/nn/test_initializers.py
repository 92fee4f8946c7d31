"""How weights begin."""

import numpy as np
import pytest

from backprop_panel.nn.initializers import INITIALIZATIONS
from backprop_panel.nn.network import Network

INPUTS, OUTPUTS = 300, 200

VARIANCES = {
    "xavier_uniform": 2 / (INPUTS + OUTPUTS),
    "xavier_normal": 2 / (INPUTS + OUTPUTS),
    "he": 2 / INPUTS,
    "zeros": 0,
}

every_scheme = pytest.mark.parametrize("name", INITIALIZATIONS)


def drawn(name, inputs=INPUTS, outputs=OUTPUTS, seed=0):
    return INITIALIZATIONS[name](inputs, outputs, np.random.default_rng(seed))


def network(name, seed=0):
    made = Network((40, 30, 20, 10), ("gelu", "gelu"))
    made.parameters[...] = np.nan
    made.initialize(INITIALIZATIONS[name], np.random.default_rng(seed))
    return made


@every_scheme
def test_variance_is_the_one_that_the_scheme_is_known_for(name):
    assert drawn(name).var() == pytest.approx(VARIANCES[name], rel=0.02)


@every_scheme
def test_mean_is_zero(name):
    standard_error = np.sqrt(VARIANCES[name] / (INPUTS * OUTPUTS))
    assert abs(drawn(name).mean()) <= 4 * standard_error


@pytest.mark.parametrize(("inputs", "outputs"), [(INPUTS, OUTPUTS), (1000, 2), (2, 1000)])
def test_xavier_uniform_fills_its_bounds_and_stays_within(inputs, outputs):
    limit = np.sqrt(6 / (inputs + outputs))
    weights = drawn("xavier_uniform", inputs, outputs)
    assert np.abs(weights).max() <= limit
    assert weights.max() > 0.95 * limit
    assert weights.min() < -0.95 * limit


@pytest.mark.parametrize("name", ["xavier_normal", "he"])
def test_normal_schemes_have_a_normals_share_within_one_deviation(name):
    share = (np.abs(drawn(name)) < np.sqrt(VARIANCES[name])).mean()
    assert share == pytest.approx(0.6827, abs=0.01)


def test_zeros_are_all_zero():
    assert not drawn("zeros").any()


@every_scheme
@pytest.mark.parametrize(("inputs", "outputs"), [(1, 1), (3, 5)])
def test_weights_have_a_row_for_each_input_and_a_column_for_each_output(name, inputs, outputs):
    assert drawn(name, inputs, outputs).shape == (inputs, outputs)


@every_scheme
def test_equal_seeds_draw_equal_weights(name):
    assert np.array_equal(drawn(name, seed=3), drawn(name, seed=3))


@pytest.mark.parametrize("name", [name for name in INITIALIZATIONS if name != "zeros"])
def test_different_seeds_draw_different_weights(name):
    assert not np.array_equal(drawn(name, seed=3), drawn(name, seed=4))


@every_scheme
def test_biases_of_a_network_begin_at_zero(name):
    assert not any(bias.any() for bias in network(name).biases)


@pytest.mark.parametrize("name", [name for name in INITIALIZATIONS if name != "zeros"])
def test_each_layer_of_a_network_is_drawn_for_its_own_widths(name):
    random = np.random.default_rng(0)
    for weights in network(name).weights:
        expected = INITIALIZATIONS[name](*weights.shape, random).astype(np.float32)
        assert np.array_equal(weights, expected)
