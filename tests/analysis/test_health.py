"""Health of layers: the distribution of their values."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from backprop_panel.analysis.health import histogram


def test_a_histogram_counts_the_finite_values():
    counted = histogram(np.array([0.0, 1.0, 1.0, np.nan, np.inf]))
    assert counted.shares.sum() == pytest.approx(1)
    assert counted.shares[-1] == pytest.approx(2 / 3)


@given(arrays(np.float32, st.integers(1, 20)))
@example(np.float32([0.50000006, 0.50000024]))
@example(np.float32([-1e-45, 1e-45]))
@example(np.float32([-3e38, 3e38]))
def test_each_finite_value_of_float32_is_in_a_bin(values):
    counted = histogram(values)
    assert counted.shares.sum() == pytest.approx(float(np.isfinite(values).any()))
    assert np.isfinite(counted.middles).all() and (np.diff(counted.middles) >= 0).all()
