"""The pace of training: how many steps are made without a break, and how long the break is."""

from __future__ import annotations

from ..plain_values import is_finite, is_number
from ..settings import SettingError, shown

BLOCK_SECONDS = 0.004
"""Approximate training time between two checks for commands, records or a stop."""

REST_SECONDS = 0.02
"""Approximate rest between blocks of steps, at rates too high for a rest after each step."""


class Pace:
    """How many steps a worker makes in one block, and how long it rests afterwards.

    Parameters
    ----------
    steps_per_second : float, optional
        None: as many as possible.

    Raises
    ------
    SettingError
        If it is not a finite number above 0.

    Attributes
    ----------
    steps : int
        Number of steps of the next block.
    rest : float
        Seconds to rest before it.
    long : bool
        Whether even one step takes longer than `BLOCK_SECONDS`.
    """

    def __init__(self, steps_per_second: float | None = None) -> None:
        refused = steps_per_second is not None and not (
            is_number(steps_per_second) and 0 < steps_per_second and is_finite(steps_per_second)
        )
        if refused:
            raise SettingError(
                "steps_per_second",
                "steps_per_second must be a finite number above 0, or None for full speed, got "
                f"{shown(steps_per_second)}.",
            )
        self._wanted = steps_per_second
        self.steps = 1 if steps_per_second is None else max(1, int(steps_per_second * REST_SECONDS))
        self.rest = 0.0
        self.long = False

    def made(self, steps: int, seconds: float) -> None:
        """Adapt to a block of `steps` that took `seconds`."""
        self.long = seconds > steps * BLOCK_SECONDS
        if self._wanted is None:
            self.steps = max(1, int(steps * BLOCK_SECONDS / max(seconds, 1e-9)))
        else:
            self.rest = max(0.0, steps / self._wanted - seconds)
