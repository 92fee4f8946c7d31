"""The history of a run's training in growing columns, one row an update."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import nan

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
    """A mapping of column names to arrays of shape (updates,); a row takes 20 bytes.

    `loss` and `accuracy` belong to the batch of the update, before the update.
    `validation_loss` stands at the last update of an epoch and is NaN elsewhere.
    """

    def __init__(self) -> None:
        self._columns = {name: np.empty(1024, dtype) for name, dtype in COLUMNS.items()}
        self._rows = 0

    def extend(
        self, step: int, epoch: int, losses: NDArray, accuracies: NDArray, validation_loss: float
    ) -> None:
        """Add the rows of updates of one epoch.

        Parameters
        ----------
        step : int
            Updates before these.
        epoch : int
        losses, accuracies : array, shape (updates,)
        validation_loss : float
            After the last of them; NaN within an epoch.
        """
        first, end = self._rows, self._rows + len(losses)
        while end > len(self._columns["step"]):
            self._grow()
        columns = self._columns
        columns["step"][first:end] = range(step + 1, step + 1 + len(losses))
        columns["epoch"][first:end] = epoch
        columns["loss"][first:end] = losses
        columns["accuracy"][first:end] = accuracies
        columns["validation_loss"][first:end] = nan
        columns["validation_loss"][end - 1] = validation_loss
        # Set last, so that a reader in another thread never sees an unwritten row.
        self._rows = end

    def extend_from(self, rows: Mapping[str, NDArray]) -> None:
        """Add rows of another history, in all columns."""
        first, end = self._rows, self._rows + len(rows["step"])
        while end > len(self._columns["step"]):
            self._grow()
        for name, column in self._columns.items():
            column[first:end] = rows[name]
        self._rows = end

    def restore(self, other: History, rows: int | None = None) -> None:
        """Become a copy of `other`, or of its first `rows` rows."""
        rows = other.rows if rows is None else rows
        size = max(rows, 1024)
        self._columns = {
            name: np.resize(column[:rows], size) if rows else np.empty(size, column.dtype)
            for name, column in other._columns.items()
        }
        self._rows = rows

    def __getitem__(self, name: str) -> NDArray:
        """Return a read-only view of a column."""
        rows = self._rows
        column = self._columns[name][:rows]
        column.flags.writeable = False
        return column

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        """Return the number of columns; `rows` is the number of updates."""
        return len(self._columns)

    @property
    def rows(self) -> int:
        """The number of updates recorded."""
        return self._rows

    def _grow(self) -> None:
        for name, column in self._columns.items():
            grown = np.empty(2 * len(column), column.dtype)
            grown[: self._rows] = column[: self._rows]
            self._columns[name] = grown
