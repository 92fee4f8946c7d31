"""What a run's training looked like, step by step, in growing columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

COLUMNS = {
    "step": np.int32,
    "epoch": np.int32,
    "loss": np.float32,
    "accuracy": np.float32,
    "validation_loss": np.float32,
}


class History(Mapping):
    """One row an update, 20 bytes each; a mapping of column names to arrays of shape (rows,).

    `loss` and `accuracy` are those of the update's own batch, before the update.
    `validation_loss` stands at the last update of an epoch and is NaN elsewhere.
    """

    def __init__(self) -> None:
        self._columns = {name: np.empty(1024, dtype) for name, dtype in COLUMNS.items()}
        self._rows = 0

    def append(
        self, step: int, epoch: int, loss: float, accuracy: float, validation_loss: float
    ) -> None:
        """Add the row of one update."""
        row = self._rows
        if row == len(self._columns["step"]):
            self._grow()
        columns = self._columns
        columns["step"][row] = step
        columns["epoch"][row] = epoch
        columns["loss"][row] = loss
        columns["accuracy"][row] = accuracy
        columns["validation_loss"][row] = validation_loss
        # Set last: a reader in another thread never sees a row that is not written yet.
        self._rows = row + 1

    def restore(self, other: History) -> None:
        """Become a copy of `other`."""
        self._columns = {name: column.copy() for name, column in other._columns.items()}
        self._rows = other._rows

    def __getitem__(self, name: str) -> NDArray:
        """Return a column, a read-only view."""
        rows = self._rows
        column = self._columns[name][:rows]
        column.flags.writeable = False
        return column

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        """Return the number of columns, as of any mapping; `rows` counts the updates."""
        return len(self._columns)

    @property
    def rows(self) -> int:
        """The number of updates recorded."""
        return self._rows

    def _grow(self) -> None:
        size = 2 * self._rows
        grown = {name: np.empty(size, column.dtype) for name, column in self._columns.items()}
        for name, column in self._columns.items():
            grown[name][: self._rows] = column
        self._columns = grown
