"""Which curve is nearest to a click, as it is seen."""

import numpy as np

from backprop_panel.views.plots.banded_curves import (
    ShadedBand,
    _outline,
    nearest_line,
)
from backprop_panel.views.plots.line_source import Line


def line(x, y):
    return Line(np.array(x, float), np.array(y, float), "#000", "")


def test_the_nearest_line_is_the_nearest_on_the_screen():
    lines = [line([0, 100], [1, 1]), line([0, 100], [2, 2])]
    assert nearest_line(lines, (99, 1.6), 100, 2, (False, False)) == 1
    assert nearest_line(lines, (0, 1.4), 100, 2, (False, False)) == 0
    assert nearest_line([], (0, 0), 1, 1, (False, False)) is None


def test_distance_on_a_log_axis_is_that_of_logarithms():
    lines = [line([1], [0.01]), line([1], [1.0])]
    assert nearest_line(lines, (1, 0.2), 1, 2, (False, True)) == 1
    assert nearest_line(lines, (1, 0.2), 1, 2, (False, False)) == 0


def test_a_line_without_finite_numbers_is_never_the_nearest():
    assert nearest_line([line([1], [np.nan]), line([1], [5])], (1, 0), 1, 1, (False, False)) == 1


def test_a_band_below_zero_ends_above_it_on_a_log_axis():
    band = ShadedBand(np.arange(3), np.array([-1, 0.5, np.nan]), np.array([1.0, 2, 3]), "#000")
    x, y = _outline(band, log_y=True)
    assert (y > 0).all() and len(x) == 4
    assert _outline(band, log_y=False)[1].min() == -1
