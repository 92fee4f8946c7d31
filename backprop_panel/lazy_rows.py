"""Arrays whose rows are made when they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.integer]


class LazyRows:
    """Rows that are made when they are asked for, indexed as a two-dimensional array is.

    Parameters
    ----------
    shape : (int, int)
    dtype : numpy dtype
    rows : callable
        Turns an array of row numbers into an array of those rows.
    """

    def __init__(
        self, shape: tuple[int, int], dtype: np.dtype, rows: Callable[[Indices], NDArray]
    ) -> None:
        self.shape = shape
        self.dtype = dtype
        self.ndim = 2
        self._rows = rows

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> NDArray:
        row_key, *column_key = key if isinstance(key, tuple) else (key,)
        numbers = np.arange(len(self))[row_key]
        rows = self._rows(np.atleast_1d(numbers))
        rows = rows if np.ndim(numbers) else rows[0]
        return rows[(..., *column_key)] if column_key else rows

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray:
        return self._rows(np.arange(len(self))).astype(dtype or self.dtype, copy=False)
