"""Downsampling to the screen: of large matrices to blocks of cells, of curves to fewer points."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray
from tsdownsample import MinMaxLTTBDownsampler

MOST_CELLS = 192
"""Rows or columns sent of the visible part: about as many as a heatmap has pixels."""


@dataclass(frozen=True)
class Span:
    """The range of rows, or of columns, that is sent, in blocks of `block`.

    Attributes
    ----------
    first, end : int
        Indices into the matrix. Both are multiples of `block`, or `end` is the matrix's size.
    block : int
    """

    first: int
    end: int
    block: int

    @classmethod
    def of(cls, size: int, start: float, stop: float) -> Span:
        """Return the span to send of `size` rows or columns when `start` to `stop` are visible.

        It includes half as many before and after, for when the plot is panned.
        """
        if size <= MOST_CELLS:
            return cls(0, size, 1)
        start, stop = max(start, 0.0), min(stop, float(size))
        if stop <= start:
            start, stop = 0.0, float(size)
        block = max(1, ceil((stop - start) / MOST_CELLS))
        margin = (stop - start) / 2
        first = max(0, floor((start - margin) / block) * block)
        end = min(size, ceil((stop + margin) / block) * block)
        return cls(first, end, block)


@dataclass(frozen=True)
class Lens:
    """The rows and columns of a matrix that are sent, in blocks."""

    rows: Span
    columns: Span

    def through(self, values: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return the number of largest magnitude in each block of `values`.

        Infinite numbers become NaN; otherwise they would have the colour of the scale's end.
        """
        rows, columns = self.rows, self.columns
        part = values[rows.first : rows.end, columns.first : columns.end]
        part = np.where(np.isfinite(part), part, np.nan).astype(np.float32, copy=False)
        return largest(largest(part, rows.block, axis=0), columns.block, axis=1)


def largest(values: NDArray, block: int, axis: int) -> NDArray:
    """Return the number of largest magnitude in each block of rows or columns; NaN wins."""
    if block == 1:
        return values
    size = values.shape[axis]
    starts = np.arange(0, size, block)
    high = np.maximum.reduceat(values, starts, axis=axis)
    low = np.minimum.reduceat(values, starts, axis=axis)
    return np.where(-low > high, low, high)


def thinned(x: NDArray, y: NDArray, most: int) -> tuple[NDArray, NDArray]:
    """Return at most `most` points that keep the curve's shape."""
    if len(x) <= most:
        return x, y
    kept = MinMaxLTTBDownsampler().downsample(np.ascontiguousarray(y), n_out=most)
    return x[kept], y[kept]
