"""Reports: what a worker tells the client of a run, packed as bytes."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from math import nan
from typing import Any, NamedTuple

import numpy as np

from ..storage.remote_run import PackedState
from ..training.health_log import StepHealth
from ..training.history import History

FINISHED, FAILED, STOPPED, REFUSED = "finished", "failed", "stopped", "refused"
"""How a run ends on a worker: its budget is used, it cannot go on, it was told to stop, or the
worker has another version of the package."""


class Rows(NamedTuple):
    """The rows of some updates of a history, without what follows from their number.

    Attributes
    ----------
    first : int
        Updates before these.
    epoch : int
        That of the first update.
    updates : bytes
        The losses, then the accuracies, as 32-bit floats. Arrays take ten times longer to unpack.
    ends : tuple of (int, float)
        The updates after which the next epoch begins, counted from the first, and the validation
        loss there.
    """

    first: int
    epoch: int
    updates: bytes
    ends: tuple[tuple[int, float], ...]

    @classmethod
    def since(cls, history: History, done: int, first: int, epoch_now: int) -> Rows:
        """Return the rows of a history after its first `done` rows.

        Parameters
        ----------
        history : History
        done : int
        first : int
            Updates before these.
        epoch_now : int
            The epoch of the next update, which tells whether the last one ended an epoch.
        """
        epochs = history["epoch"][done:]
        ends = np.flatnonzero(np.diff(epochs, append=epoch_now))
        validation = history["validation_loss"][done:][ends].tolist()
        return cls(
            first,
            int(epochs[0]) if len(epochs) else epoch_now,
            history["loss"][done:].tobytes() + history["accuracy"][done:].tobytes(),
            tuple(zip(ends.tolist(), validation, strict=True)),
        )

    @property
    def count(self) -> int:
        """The number of updates."""
        return len(self.updates) // 8

    @property
    def epoch_after(self) -> int:
        """The number of epochs that are completed after the last update."""
        return self.epoch + len(self.ends)

    def append_to(self, history: History) -> None:
        """Add the rows to a history."""
        count, begin = self.count, 0
        if not count:
            return
        losses = np.frombuffer(self.updates, np.float32, count)
        accuracies = np.frombuffer(self.updates, np.float32, count, 4 * count)
        stretches = (
            self.ends
            if self.ends and self.ends[-1][0] == count - 1
            else (*self.ends, (count - 1, nan))
        )
        for epoch, (last, validation) in enumerate(stretches, self.epoch):
            part = slice(begin, last + 1)
            step = self.first + begin
            history.extend(step, epoch, losses[part], accuracies[part], validation)
            begin = last + 1


@dataclass(frozen=True)
class Report:
    """What is new of a run since the last report of the same attempt.

    Attributes
    ----------
    attempt : str
        The key of the task that trains the run.
    begins : bool
        Whether this is the first report of the task on its worker.
    config : dict or None
        The whole configuration, in the first report.
    rows : Rows or None
    state : PackedState or None
        A checkpoint, after the last of the rows.
    health : list of StepHealth or None
        All moments measured so far, with a checkpoint.
    end : str
        How the run ended; empty while it trains.
    reason : str
        Why, for `FAILED` and `REFUSED`.
    """

    attempt: str
    begins: bool = False
    config: dict[str, Any] | None = None
    rows: Rows | None = None
    state: PackedState | None = None
    health: list[StepHealth] | None = field(default=None, repr=False)
    end: str = ""
    reason: str = ""

    def packed(self) -> bytes:
        """Return the report as bytes, for a message between processes of one cluster."""
        return pickle.dumps(self, pickle.HIGHEST_PROTOCOL)

    @classmethod
    def unpacked(cls, data: bytes) -> Report:
        """Return the report in bytes of `packed`; like Dask's own messages, they are trusted."""
        return pickle.loads(data)
