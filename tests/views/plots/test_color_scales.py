"""The colour scales of the map: where they end, how they are spaced, and what is seen on them."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_panel import TrainingRunManager
from backprop_panel.plain_values import LARGEST
from backprop_panel.views.plots.color_scales import (
    LINEAR,
    ROBUST,
    SPACINGS,
    SYMMETRIC_LOG,
    ColorScale,
    Scales,
    rounded_up,
)
from backprop_panel.views.plots.colors import DARK, LIGHT


def scale_after(*frames, spacing=LINEAR, smoothly=False):
    scales = Scales(spacing)
    for frame in frames:
        scales.fit_frame([("weight", np.atleast_1d(frame))], smoothly)
    return scales.by_kind["weight"]


def end_after(*magnitudes, smoothly=False):
    frames = [np.array([magnitude, -magnitude / 2]) for magnitude in magnitudes]
    return scale_after(*frames, smoothly=smoothly).end


@pytest.mark.parametrize(
    ("magnitude", "end"), [(2.0, 2), (1.01, 1.2), (0.0071, 0.008), (9.9, 10), (3e38, 3e38)]
)
def test_a_scale_ends_at_the_next_round_number(magnitude, end):
    assert end_after(magnitude) == end


@given(st.floats(1e-12, LARGEST))
def test_a_round_end_holds_all_values_and_wastes_little(magnitude):
    assert magnitude * (1 - 1e-9) <= rounded_up(magnitude) <= 1.34 * magnitude


@pytest.mark.parametrize("spacing", SPACINGS)
def test_a_record_has_one_scale_whatever_was_shown_before(spacing):
    values = np.random.default_rng(0).normal(size=500)
    alone = scale_after(values, spacing=spacing)
    assert scale_after(1e5 * values, 1e-5 * values**3, values, spacing=spacing) == alone


def test_a_scale_shrinks_gradually_over_frames():
    ends = [end_after(20.0, *[0.1] * frames, smoothly=True) for frames in range(60)]
    assert ends == sorted(ends, reverse=True)
    assert all(later >= 0.5 * end for end, later in pairwise(ends))
    assert ends[-1] <= 0.25


def test_a_scale_is_unchanged_while_the_values_of_a_sequence_fill_it():
    assert end_after(2.0, 1.9, 1.5, 1.8, smoothly=True) == 2


def test_a_locked_scale_stays():
    scales = Scales()
    scales.fit_frame([("weight", np.array([2.0]))], smoothly=False)
    before, scales.locked = dict(scales.by_kind), True
    assert not scales.fit_frame([("weight", np.array([200.0]))], smoothly=False)
    assert scales.by_kind == before


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 6e38])
def test_a_scale_ignores_numbers_that_are_not_finite_and_reports_them(spacing, bad):
    values = np.random.default_rng(0).normal(size=500)
    scales = Scales(spacing)
    assert scales.fit_frame([("weight", np.append(values, bad))])
    assert scales.by_kind["weight"] == scale_after(values, spacing=spacing)
    assert scales.has_not_finite
    assert scales.fit_frame([("weight", values)])
    assert not scales.has_not_finite


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("values", [np.zeros(4), np.array([]), np.array([np.nan])])
def test_values_without_a_magnitude_have_a_scale(spacing, values):
    assert scale_after(values, spacing=spacing).end > 0


def test_a_scale_ends_within_float32():
    assert end_after(LARGEST, smoothly=True) == LARGEST
    assert end_after(1.0, *[LARGEST] * 50, smoothly=True) == LARGEST


def test_a_robust_scale_ends_at_the_99th_percentile_and_marks_the_rest():
    values = np.append(np.linspace(-1, 1, 999), 50.0)
    assert scale_after(values, spacing=ROBUST) == ColorScale(1.0, clipped=True)


def test_a_symmetric_log_scale_is_as_linear_as_small_values_allow():
    even, wide = np.linspace(-1, 1, 1000), np.logspace(-8, 0, 1000)
    assert scale_after(even, spacing=SYMMETRIC_LOG).linear == 1
    assert scale_after(wide, spacing=SYMMETRIC_LOG).linear < 1e-6


@given(
    st.lists(st.floats(-1, 1, width=32), min_size=2, max_size=9),
    st.sampled_from([None, 1.0, 1e-3, 1e-9]),
)
def test_shares_keep_order_and_sign_and_lie_within_the_ends(values, linear):
    shares = ColorScale(1.0, linear).shares(np.array(sorted(values)))
    assert (np.diff(shares) >= 0).all()
    assert (np.abs(shares) <= 1 + 1e-12).all()
    assert (np.sign(shares) == np.sign(sorted(values))).all()


@pytest.fixture(scope="module")
def record():
    """A record after 10,000 steps of the run with which the page begins."""
    manager = TrainingRunManager()
    run = manager.create(learning_rate=0.01, loss_type="cross_entropy", optimizer="adam")
    while run.trainer.step < 10_000:
        run.trainer.engine.advance(32, most=16)
    yield run.trainer.engine.look()
    manager.close()


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("parameters", ["layers", "layer_gradients"])
def test_half_of_the_cells_are_seen_when_training_has_gone_well(record, theme, parameters):
    layers = getattr(record, parameters)
    scales = Scales()
    scales.fit_frame([("weight", layer) for layer in layers], smoothly=False)
    for layer in layers:
        seen = distances(theme, scales.by_kind["weight"].shares(layer)) >= 3
        assert seen.mean() >= 0.5


def distances(theme, shares):
    """Return how far colours on a scale are from the background, as CIE 1976 delta E."""
    palette = np.array([lab(color) for color in theme.diverging()])
    places = np.clip((shares + 1) / 2 * len(palette), 0, len(palette) - 1).astype(int)
    return np.linalg.norm(palette[places] - lab(theme.background), axis=-1)


def lab(color):
    """Return a colour's CIE L*, a*, b* (sRGB, D65): IEC 61966-2-1 and CIE 15."""
    rgb = np.array([int(color[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = np.array(to_xyz) @ linear / [0.9505, 1, 1.089]
    x, y, z = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz * (29 / 6) ** 2 / 3 + 4 / 29)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])
