"""A run in numbers, as a table of runs shows it without loading any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import nan
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..training.event_log import loss_since

if TYPE_CHECKING:
    from ..training.engine import Engine

STEPS_AVERAGED = 32
"""Steps whose mean batch loss is compared: a single batch may be lucky, below any floor."""

VALIDATION, BATCHES = "validation", "batches"
"""What a best loss is of: the validation losses, or means of batch losses."""


class Losses(NamedTuple):
    """The last and the best loss of a run.

    Attributes
    ----------
    last : float
        Of the batch of the last step, before its update; a fork has it from its parent.
    best : float
        The lowest validation loss or, without any, the lowest mean of `STEPS_AVERAGED` steps: a
        single batch may be lower. Of the loss function and the fault in force; NaN if they were
        changed since the last step.
    best_of : str
        `VALIDATION` or `BATCHES`; empty if there is none.
    """

    last: float = nan
    best: float = nan
    best_of: str = ""


@dataclass(frozen=True)
class RunSummary:
    """How far a run is, and how well it does.

    Attributes
    ----------
    step, epoch : int
    settings : dict
        The training settings in force.
    losses : Losses
    """

    step: int
    epoch: int
    settings: dict[str, Any]
    losses: Losses

    @classmethod
    def of(cls, engine: Engine) -> RunSummary:
        """Return the summary of an engine as it is now."""
        losses = losses_of(engine.history, loss_since(engine.events))
        return cls(engine.step, engine.epoch, asdict(engine.settings), losses)


def losses_of(history: Mapping[str, NDArray], since: int = 0) -> Losses:
    """Return the last loss, and the best one of the steps after `since`.

    Parameters
    ----------
    history : mapping of str to array, shape (steps,)
        With the columns `loss` and `validation_loss`.
    since : int
        The step at which the loss function was chosen: other losses cannot be compared with it.
    """
    if not len(history["loss"]):
        return Losses()
    last = float(history["loss"][-1])
    losses, validation = (history[name][since:] for name in ("loss", "validation_loss"))
    if not len(losses):
        return Losses(last)
    best = _lowest(validation)
    return Losses(last, best, VALIDATION) if best == best else Losses(last, *_best_mean(losses))


def _best_mean(losses: NDArray) -> tuple[float, str]:
    """Return the lowest mean of a stretch of steps without one that is not finite."""
    span = min(STEPS_AVERAGED, len(losses))
    stretches = losses[: len(losses) // span * span].reshape(-1, span)
    with np.errstate(all="ignore"):  # of a run that diverged
        best = _lowest(np.einsum("ij->i", stretches) / span)
    return best, BATCHES if best == best else ""


def _lowest(losses: NDArray) -> float:
    """Return the lowest finite loss, NaN without any."""
    finite = losses[np.isfinite(losses)]
    return float(finite.min()) if len(finite) else nan
