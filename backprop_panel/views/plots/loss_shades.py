"""The loss on a grid as shades of a colour scale, with contour lines."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import floor, log10

import numpy as np
from contourpy import contour_generator
from numpy.typing import NDArray

from ...analysis.loss_surface import COARSEST, FINEST, STRIDES, LossGrid

Array = NDArray[np.floating]

LEVELS = 9
"""The number of contour lines' levels."""

LOG_FROM = 10
"""The scale is logarithmic if the greatest loss is so many times the least."""


@dataclass(frozen=True)
class Contour:
    """A line along which the loss is the same: its points, and how high on the scale it lies."""

    x: Array
    y: Array
    share: float


class LossShades:
    """A grid of losses, drawn on as many cells as the finest grid has points.

    A cell whose point is not computed yet shows the nearest point of the coarser grid.

    Parameters
    ----------
    grid : LossGrid

    Attributes
    ----------
    x, y, losses : array, shape (57, 57)
        The point that each cell shows, and its loss: infinite where that is not finite, NaN where
        no point near it is computed.
    is_log : bool
        Whether shades are logarithms of losses.
    low, high : float
        The least and the greatest finite shade; 0 and 1 if there is none.
    """

    def __init__(self, grid: LossGrid) -> None:
        self._grid = grid
        self.x, self.y, self.losses = _nearest_known(grid)
        finite = self.losses[np.isfinite(self.losses)]
        self._least = finite.min(initial=np.inf, where=finite > 0)
        self.is_log = needs_log_scale(finite)
        shades = self.shades(finite)
        self.low, self.high = (shades.min(), shades.max()) if len(finite) else (0.0, 1.0)

    def shades(self, losses: Array) -> Array:
        """Return the losses, or their logarithms if the scale is logarithmic."""
        # A loss of zero has none: it gets that of the least other one.
        return np.log10(np.maximum(losses, self._least)) if self.is_log else losses

    @cached_property
    def levels(self) -> list[float]:
        """Losses in equal distances on the scale, with as few digits as tell them apart."""
        shades = np.linspace(self.low, self.high, LEVELS + 2)
        losses = 10**shades if self.is_log else shades
        gaps = np.diff(losses)
        if not np.all(gaps > 0):
            return []
        digits = [1 - floor(log10(gap)) for gap in gaps]
        rounded = [round(float(loss), n) for loss, n in zip(losses, digits, strict=False)]
        return rounded[1:]

    def contours(self) -> list[Contour]:
        """Return the contour lines of the finest grid that is complete."""
        grid = self._grid
        every = 1 if grid.complete else 2
        if not self.levels or len(grid.x[::every]) < COARSEST:
            return []
        x, y = grid.x[::every], grid.y[::every]
        shades = self.shades(grid.losses[::every, ::every])
        generator = contour_generator(x, y, np.ma.masked_invalid(shades))
        return [
            Contour(line[:, 0], line[:, 1], (level - self.low) / (self.high - self.low))
            for level in self.shades(np.array(self.levels))
            for line in generator.lines(level)
        ]


def needs_log_scale(losses: Array) -> bool:
    """Return whether finite losses are told apart on a logarithmic scale alone."""
    least = losses.min(initial=np.inf, where=losses > 0)
    return bool(LOG_FROM * least < losses.max(initial=0))


def _nearest_known(grid: LossGrid) -> tuple[Array, Array, Array]:
    """Return the x, y and loss of the nearest computed point for each cell of the finest grid."""
    stride = (FINEST - 1) // (len(grid.x) - 1)
    known = np.full((FINEST, FINEST), np.nan)
    known[::stride, ::stride] = grid.losses
    x, y = (np.linspace(axis[0], axis[-1], FINEST) for axis in (grid.x, grid.y))
    shown = [np.full(known.shape, np.nan) for _ in range(3)]
    for stride in STRIDES:
        nearest = (np.arange(FINEST) + stride // 2) // stride * stride
        losses = known[np.ix_(nearest, nearest)]
        there = ~np.isnan(losses)
        points = (*np.meshgrid(x[nearest], y[nearest]), losses)
        for array, values in zip(shown, points, strict=True):
            array[there] = values[there]
    return tuple(shown)
