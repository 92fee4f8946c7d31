"""What part of a large matrix is sent to the screen, and how coarsely."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

MOST_CELLS = 192
"""Rows or columns that are sent of what is in view: about what a heatmap has pixels for."""


@dataclass(frozen=True)
class Span:
    """The rows, or the columns, that are sent, in blocks of so many.

    Attributes
    ----------
    first, end : int
        Of the matrix; both are multiples of `block`, or `end` is the matrix's own.
    block : int
    """

    first: int
    end: int
    block: int

    @classmethod
    def of(cls, size: int, start: float, stop: float) -> Span:
        """Return what to send of `size` rows or columns if those from `start` to `stop` are seen.

        Half as many before and after are sent as well, for when it is moved.
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
    """Which rows and columns of a matrix are sent, and in what blocks."""

    rows: Span
    columns: Span

    def through(self, values: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return what is seen of `values`: of each block the number of largest magnitude.

        What is infinite becomes NaN: it would else take the end of the scale.
        """
        rows, columns = self.rows, self.columns
        seen = values[rows.first : rows.end, columns.first : columns.end]
        seen = np.where(np.isfinite(seen), seen, np.nan).astype(np.float32, copy=False)
        return largest(largest(seen, rows.block, axis=0), columns.block, axis=1)


def largest(values: NDArray, block: int, axis: int) -> NDArray:
    """Return of each `block` of rows, or columns, the number of largest magnitude, NaN if any."""
    if block == 1:
        return values
    size = values.shape[axis]
    starts = np.arange(0, size, block)
    high = np.maximum.reduceat(values, starts, axis=axis)
    low = np.minimum.reduceat(values, starts, axis=axis)
    return np.where(-low > high, low, high)
