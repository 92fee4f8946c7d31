"""The shades of a grid of losses, and the contour lines on it."""

import numpy as np
import pytest

from backprop_panel.analysis.loss_surface import LossGrid
from backprop_panel.views.plots.loss_shades import LossShades


def grid_of(function, side=57, complete=True):
    """A grid of a function over x from -2 to 2 and y from -1 to 1."""
    x, y = np.linspace(-2, 2, side), np.linspace(-1, 1, side)
    return LossGrid(x, y, function(*np.meshgrid(x, y)), complete)


def bowl(x, y):
    return 1 + x**2 + y**2


def steep_bowl(x, y):
    return 0.01 + x**2 + y**2


def test_a_complete_grid_is_shown_as_it_is():
    shades = LossShades(grid_of(bowl))
    np.testing.assert_allclose(shades.losses, bowl(shades.x, shades.y))
    assert shades.x[0, 0] == -2 and shades.x[5, -1] == 2 and shades.y[-1, 3] == 1


@pytest.mark.parametrize("side", [15, 29])
def test_cells_of_a_coarse_grid_show_the_nearest_point_with_its_place(side):
    shades = LossShades(grid_of(bowl, side))
    np.testing.assert_allclose(shades.losses, bowl(shades.x, shades.y))
    step = 4 / (side - 1)
    places = np.linspace(-2, 2, 57)
    assert np.abs(shades.x - places).max() <= step / 2 + 1e-9
    assert len(np.unique(shades.x)) == side


def test_points_that_are_not_computed_yet_show_those_of_the_coarser_grid():
    whole = grid_of(bowl, 29)
    losses = np.full((29, 29), np.nan)
    losses[::2, ::2] = whole.losses[::2, ::2]
    losses[0, 1] = whole.losses[0, 1]
    shades = LossShades(LossGrid(whole.x, whole.y, losses, complete=False))
    assert np.isfinite(shades.losses).all()
    assert len(np.unique(shades.x[0])) == 16 and len(np.unique(shades.x[30])) == 15


def test_a_first_grid_is_blank_where_nothing_is_computed():
    losses = np.full((15, 15), np.nan)
    losses[0] = 1
    grid = grid_of(bowl, 15)
    shades = LossShades(LossGrid(grid.x, grid.y, losses, complete=False))
    assert np.isnan(shades.losses[2:]).all() and (shades.losses[:2] == 1).all()
    assert shades.contours() == []


def test_a_scale_over_more_than_a_decade_is_logarithmic():
    assert not LossShades(grid_of(bowl)).is_log
    shades = LossShades(grid_of(steep_bowl))
    assert shades.is_log
    assert (shades.low, shades.high) == pytest.approx((-2, np.log10(5.01)))


def test_a_loss_of_zero_gets_the_shade_of_the_least_other_loss():
    shades = LossShades(grid_of(lambda x, y: x**2 + y**2))
    assert shades.is_log and np.isfinite(shades.shades(shades.losses)).all()


def test_losses_that_are_not_finite_lie_above_the_scale():
    shades = LossShades(grid_of(lambda x, y: np.where(x > 1, np.inf, bowl(x, y))))
    shown = shades.shades(shades.losses)
    assert (shown[shades.x > 1] == np.inf).all() and shades.high == pytest.approx(6)
    assert all(np.isfinite([line.x, line.y]).all() for line in shades.contours())


@pytest.mark.parametrize("function", [bowl, steep_bowl])
def test_contour_lines_follow_points_of_equal_loss(function):
    shades = LossShades(grid_of(function))
    contours = shades.contours()
    shown = set()
    for line in contours:
        shade = shades.low + line.share * (shades.high - shades.low)
        level = min(shades.levels, key=lambda each: abs(shades.shades(each) - shade))
        shown.add(level)
        np.testing.assert_allclose(function(line.x, line.y), level, rtol=0.05)
    assert shown == set(shades.levels)


def test_contour_levels_have_few_digits_and_differ():
    levels = LossShades(grid_of(lambda x, y: 0.2 + 1e-5 * bowl(x, y))).levels
    assert len(levels) == len(set(levels)) == 9
    assert max(len(f"{level:.10g}") for level in levels) <= 9


@pytest.mark.parametrize("loss", [0.5, 0.0, np.inf])
def test_a_flat_surface_has_no_contour_lines(loss):
    shades = LossShades(grid_of(lambda x, y: np.full_like(x, loss)))
    assert shades.contours() == [] and shades.low <= shades.high
