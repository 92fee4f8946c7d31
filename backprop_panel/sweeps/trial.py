"""One run of a sweep as the client knows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf, nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..storage.remote_run import RemoteRun
from ..storage.run_summary import STEPS_AVERAGED, losses_of
from ..training.history import History

WAITING, RUNNING, FINISHED, FAILED, STOPPED = (
    "waiting",
    "running",
    "finished",
    "failed",
    "stopped",
)
"""The states of a run of a sweep; a stopped one has used a part of its budget."""

MOST_POINTS = 400
"""Points of a curve; more would hardly be seen beside those of other runs."""


@dataclass(frozen=True)
class Curve:
    """A loss over the steps, as means of equal stretches.

    Attributes
    ----------
    steps : array, shape (points,)
        The last update of each stretch.
    losses : array, shape (points,)
    """

    steps: NDArray[np.int64]
    losses: NDArray[np.float32]

    @classmethod
    def of(cls, history: History) -> Curve:
        """Return the curve of the batch losses of a history."""
        losses = history["loss"]
        stretch = max(1, -(-len(losses) // MOST_POINTS))
        ends = np.arange(stretch, len(losses) + stretch, stretch).clip(max=len(losses))
        if not len(losses):
            return cls(np.empty(0, np.int64), np.empty(0, np.float32))
        with np.errstate(all="ignore"):  # of a run that diverged
            sums = np.add.reduceat(losses.astype(np.float64), ends - np.diff(ends, prepend=0))
        return cls(ends, (sums / np.diff(ends, prepend=0)).astype(np.float32))


@dataclass(frozen=True)
class Score:
    """The losses by which runs are compared; NaN without any.

    Attributes
    ----------
    loss, lowest_loss : float
        The last and the lowest mean of 32 batch losses.
    validation_loss, lowest_validation_loss : float
    """

    loss: float = nan
    lowest_loss: float = nan
    validation_loss: float = nan
    lowest_validation_loss: float = nan

    @classmethod
    def of(cls, history: History) -> Score:
        """Return the score of a history."""
        losses, validation = history["loss"], history["validation_loss"]
        if not len(losses):
            return cls()
        measured = validation[~np.isnan(validation)]
        with np.errstate(all="ignore"):  # of a run that diverged
            last = float(losses[-STEPS_AVERAGED:].mean())
        batches = {"loss": losses, "validation_loss": np.empty(0, np.float32)}
        return cls(
            loss=last,
            # The last mean need not be one of the stretches of which the best is known.
            lowest_loss=float(np.fmin(losses_of(batches).best, last)),
            validation_loss=float(measured[-1]) if len(measured) else nan,
            lowest_validation_loss=float(np.min(measured)) if len(measured) else nan,
        )

    def value(self, objective: str, lowest: bool = False) -> float:
        """Return the last or the lowest value of ``"loss"`` or ``"validation_loss"``."""
        return getattr(self, f"lowest_{objective}" if lowest else objective)


@dataclass
class Trial:
    """A run of a sweep: its settings, how far it is, and how well it does.

    One of an earlier process has what the store knows of it.

    Attributes
    ----------
    number : int
        Its number in the plan.
    run_id : str
        The id of its run, once that is in the store.
    name : str
        The name of its run: as in the store, once it is there.
    settings : dict
        Those that differ between runs, the seed included.
    status : str
    reason : str
        Why it failed.
    rung_scores : list of float
        With successive halving: the score at each rung that it has reached.
    step, epoch : int
        Updates and epochs that are completed.
    score : Score
    curve : Curve or None
        None until the first report; that of a stored run is read when it is first asked for.
    run : RemoteRun or None
        Its history and checkpoint until it is stored.
    restarts : int
        How often it had to begin again in this process: its worker ended, or a report was lost.
    read_curve : callable or None
        Reads the curve from the store.
    """

    number: int
    run_id: str
    name: str
    settings: dict[str, Any]
    status: str = WAITING
    reason: str = ""
    rung_scores: list[float] = field(default_factory=list)
    step: int = 0
    epoch: int = 0
    score: Score = field(default_factory=Score)
    run: RemoteRun | None = field(default=None, repr=False)
    restarts: int = 0
    read_curve: Callable[[], Curve] | None = field(default=None, repr=False)
    _curve: Curve | None = field(default=None, repr=False)

    @property
    def curve(self) -> Curve | None:
        """The curve so far; None if nothing is known of it.

        Raises
        ------
        StoreError
            If it has to be read, and cannot be.
        """
        if self.run is not None:
            return Curve.of(self.run.history)
        if self._curve is None and self.read_curve is not None:
            self._curve = self.read_curve()
        return self._curve

    def ranking(self, objective: str, lowest: bool = False) -> float:
        """Return what it is ranked by: infinite for a failed run, NaN without a step."""
        return inf if self.status == FAILED else self.score.value(objective, lowest)

    def measure(self) -> None:
        """Bring the step and the score up to date with the history."""
        history = self.run.history
        if history.rows:
            self.step = int(history["step"][-1])
        self.score = Score.of(history)

    def let_go(self) -> None:
        """Keep the curve alone, once the run is stored and trains no more."""
        if self.run is not None:
            self._curve, self.run = Curve.of(self.run.history), None
