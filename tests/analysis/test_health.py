"""Health of layers: the distribution of their values."""

import numpy as np
import pytest

from backprop_panel.analysis.health import histogram


def test_a_histogram_counts_the_finite_values():
    counted = histogram(np.array([0.0, 1.0, 1.0, np.nan, np.inf]))
    assert counted.shares.sum() == pytest.approx(1)
    assert counted.shares[-1] == pytest.approx(2 / 3)
