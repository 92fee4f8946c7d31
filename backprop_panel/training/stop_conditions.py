"""The conditions under which training stops by itself."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np

from .engine import Engine

LOSSES_AVERAGED = 32
"""Number of steps over which the loss for `StopWhen.loss_below` is averaged."""


@dataclass(frozen=True)
class StopWhen:
    """The conditions under which a worker stops by itself; None is no condition.

    Parameters
    ----------
    step, epoch : int, optional
        Number of updates, or of completed passes over the data.
    loss_below : float, optional
        Stop once the training loss, averaged over the last 32 steps, is below this.
    not_finite : bool
        Stop once a loss is infinite or not a number.
    """

    step: int | None = None
    epoch: int | None = None
    loss_below: float | None = None
    not_finite: bool = False

    def reason(self, engine: Engine, since: int) -> str | None:
        """Return why to stop now, or None; losses up to the step `since` were checked before."""
        if self.step is not None and engine.step >= self.step:
            return f"step {self.step} is reached"
        if self.epoch is not None and engine.reading.epoch >= self.epoch:
            return f"epoch {self.epoch} is completed"
        losses = engine.history["loss"]
        if self.not_finite and not np.isfinite(losses[since:]).all():
            step = since + int(np.argmin(np.isfinite(losses[since:]))) + 1
            return f"the loss of step {step} is not finite"
        mean = losses[-LOSSES_AVERAGED:].mean() if self.loss_below and len(losses) else np.inf
        if self.loss_below is not None and mean < self.loss_below:
            return f"the loss is below {self.loss_below:g}"
        return None

    def steps_left(self, engine: Engine) -> int:
        """Return the number of steps up to `step`; without it, a very large number."""
        return sys.maxsize if self.step is None else self.step - engine.step
