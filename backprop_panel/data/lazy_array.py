"""Arrays that compute their rows on access."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..settings import shown

Indices = NDArray[np.integer]


class LazyRows:
    """An array that computes its rows, or its numbers if it has one dimension, when indexed.

    Parameters
    ----------
    shape : (int,) or (int, int)
    dtype : numpy dtype
    rows : callable
        Returns the rows for an array of row numbers.
    """

    def __init__(
        self, shape: tuple[int, ...], dtype: np.dtype, rows: Callable[[Indices], NDArray]
    ) -> None:
        self.shape = shape
        self.dtype = dtype
        self.ndim = len(shape)
        self._rows = rows

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> NDArray:
        row_key, *column_key = key if isinstance(key, tuple) else (key,)
        numbers = self._numbers(row_key)
        rows = self._rows(np.atleast_1d(numbers))
        rows = rows if np.ndim(numbers) else rows[0]
        return rows[(..., *column_key)] if column_key else rows

    def _numbers(self, key: Any) -> Any:
        """Return the row numbers that `key` selects."""
        if key is Ellipsis:
            key = slice(None)
        if isinstance(key, slice):
            return np.arange(*key.indices(len(self)))
        numbers = np.asarray(key)
        if numbers.dtype == bool:
            return np.arange(len(self))[numbers]
        if ((numbers < -len(self)) | (numbers >= len(self))).any():
            raise IndexError(f"row {shown(key)} is out of bounds for {len(self)} rows")
        return np.where(numbers < 0, numbers + len(self), numbers)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray:
        return self._rows(np.arange(len(self))).astype(dtype or self.dtype, copy=False)
