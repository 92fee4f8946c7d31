"""A run in numbers, as a table of runs shows it without loading any."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import nan
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ..training.engine import Engine


@dataclass(frozen=True)
class RunSummary:
    """How far a run is, and how well it does.

    Attributes
    ----------
    step, epoch : int
    settings : dict
        The training settings in force.
    last_loss, best_loss : float
        NaN if no loss has been recorded.
    """

    step: int
    epoch: int
    settings: dict[str, Any]
    last_loss: float
    best_loss: float

    @classmethod
    def of(cls, engine: Engine) -> RunSummary:
        """Return the summary of an engine as it is now."""
        losses = engine.history["loss"]
        return cls(engine.step, engine.epoch, asdict(engine.settings), *last_and_best(losses))


def last_and_best(losses: NDArray) -> tuple[float, float]:
    """Return the last and the lowest loss, NaN if there is none."""
    if not len(losses):
        return nan, nan
    return float(losses[-1]), float(np.fmin.reduce(losses))
