"""The ends of the colour scales."""

from itertools import pairwise

import numpy as np

from backprop_panel.views.plots.color_scales import ROOM, Scales


def ends_after(*magnitudes, smoothly):
    scales = Scales()
    for magnitude in magnitudes:
        scales.follow([("weight", np.array([magnitude, -magnitude / 2]))], smoothly)
    return scales.ends["weight"]


def test_a_scale_begins_where_the_largest_magnitude_is():
    assert ends_after(2.0, smoothly=True) == 2


def test_a_scale_stays_while_what_is_shown_fills_it():
    assert ends_after(2.0, 1.9, 1.5, 1.8, smoothly=False) == 2


def test_while_frames_follow_each_other_a_scale_gives_way_little_by_little():
    ends = [ends_after(20.0, *[0.1] * frames, smoothly=True) for frames in range(60)]
    assert ends == sorted(ends, reverse=True)
    assert all(later > 0.6 * end for end, later in pairwise(ends))
    assert ends[-1] < 0.25


def test_for_a_moment_of_its_own_a_scale_is_right_at_once():
    assert ends_after(20.0, 0.5, smoothly=False) == 0.5 * ROOM


def test_what_is_not_finite_has_no_part_in_a_scale():
    scales = Scales()
    scales.follow([("weight", np.array([np.nan, 3, -np.inf]))])
    assert scales.ends["weight"] == 3
