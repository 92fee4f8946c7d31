"""The limits of the colour scales."""

from itertools import pairwise

import numpy as np

from backprop_panel.settings import LARGEST
from backprop_panel.views.plots.color_scales import ROOM, Scales


def ends_after(*magnitudes, smoothly):
    scales = Scales()
    for magnitude in magnitudes:
        scales.follow([("weight", np.array([magnitude, -magnitude / 2]))], smoothly)
    return scales.ends["weight"]


def test_a_scale_starts_at_the_largest_magnitude():
    assert ends_after(2.0, smoothly=True) == 2


def test_a_scale_is_unchanged_while_values_fill_it():
    assert ends_after(2.0, 1.9, 1.5, 1.8, smoothly=False) == 2


def test_a_scale_shrinks_gradually_over_frames():
    ends = [ends_after(20.0, *[0.1] * frames, smoothly=True) for frames in range(60)]
    assert ends == sorted(ends, reverse=True)
    assert all(later > 0.6 * end for end, later in pairwise(ends))
    assert ends[-1] < 0.25


def test_a_scale_fits_a_single_frame_at_once():
    assert ends_after(20.0, 0.5, smoothly=False) == 0.5 * ROOM


def test_a_scale_ignores_numbers_that_are_not_finite():
    scales = Scales()
    scales.follow([("weight", np.array([np.nan, 3, -np.inf]))])
    assert scales.ends["weight"] == 3


def test_a_scale_ends_within_float32():
    assert ends_after(1.0, 3e38, smoothly=False) == LARGEST
    assert ends_after(LARGEST, smoothly=True) == LARGEST
    assert ends_after(1.0, *[LARGEST] * 50, smoothly=True) == LARGEST


def test_a_scale_ignores_differences_beyond_float32():
    scales = Scales()
    scales.follow([("weight", np.array([6e38, -2]))])
    assert scales.ends["weight"] == 2
