"""The conditions under which training stops by itself."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..plain_values import is_finite, is_number, is_whole
from ..settings import SettingError, shown
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

    Raises
    ------
    SettingError
        If a condition is none of these.
    """

    step: int | None = None
    epoch: int | None = None
    loss_below: float | None = None
    not_finite: bool = False

    def __post_init__(self) -> None:
        for name in ("step", "epoch"):
            count = getattr(self, name)
            if count is not None and not (is_whole(count) and count >= 0):
                raise SettingError(
                    name,
                    f"{name} must be a whole number of at least 0, or None; got {shown(count)}.",
                )
        loss = self.loss_below
        if loss is not None and not (is_number(loss) and is_finite(loss)):
            raise SettingError(
                "loss_below", f"loss_below must be a finite number, or None; got {shown(loss)}."
            )
        if not isinstance(self.not_finite, bool):
            raise SettingError(
                "not_finite", f"not_finite must be True or False; got {shown(self.not_finite)}."
            )

    def reason(self, engine: Engine, since: int) -> str | None:
        """Return why to stop now, or None; losses up to the step `since` were checked before."""
        losses = engine.history["loss"]
        # First: steps are made in blocks, so several conditions can hold at once.
        if self.not_finite and not np.isfinite(losses[since:]).all():
            step = since + int(np.argmin(np.isfinite(losses[since:]))) + 1
            return f"the loss of step {step} is not finite"
        if self.step is not None and engine.step >= self.step:
            return f"step {self.step} is reached"
        if self.epoch is not None and engine.batches.reading.epoch >= self.epoch:
            return f"epoch {self.epoch} is completed"
        if self.loss_below is not None and len(losses):
            averaged = losses[-LOSSES_AVERAGED:]
            if averaged.mean() < self.loss_below:
                over = f"the loss of the last {len(averaged)} steps, averaged,"
                return f"{over} is below {self.loss_below:g}"
        return None

    def steps_left(self, engine: Engine) -> int:
        """Return how many steps can be made before a condition has to be looked at again.

        It is a very large number without any. No step is passed at which the averaged loss is
        below the one given for the first time.
        """
        steps = sys.maxsize if self.step is None else self.step - engine.step
        if self.loss_below is None:
            return steps
        return min(steps, self._steps_above(engine.history["loss"][-LOSSES_AVERAGED:]))

    def _steps_above(self, losses: NDArray[np.floating]) -> int:
        """Return the first step after which the mean could be below, as no loss is below 0."""
        count = np.arange(1, LOSSES_AVERAGED + 1)
        sums = np.append(0.0, np.cumsum(losses[::-1]))  # of the newest losses
        kept = sums[np.minimum(LOSSES_AVERAGED - count, len(losses))]
        lowest = kept / np.minimum(len(losses) + count, LOSSES_AVERAGED)
        return int(np.argmax(~(lowest >= self.loss_below))) + 1
