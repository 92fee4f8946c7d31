"""The loss of a record's batch along one number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..plain_values import LARGEST, is_finite, is_number, is_whole, plain
from ..settings import SettingError, shown

Array = NDArray[np.floating]
Losses = Callable[[Array], Array]
"""Returns the losses, (n,), for values (n,)."""

MOST_POINTS = 10_001


@dataclass(frozen=True, eq=False)
class LossCurve:
    """The loss of a record's batch along one number.

    Attributes
    ----------
    values : array, shape (n,)
        Values of the number.
    losses : array, shape (n,)
        The loss at each of them, in float64; NaN or infinite where it overflows.
    now : float
        The number's value in the record.
    loss : float
        The loss at that value.
    slope : float
        The derivative of the loss there.
    """

    values: Array
    losses: Array
    now: float
    loss: float
    slope: float
    _losses_at: Losses = field(repr=False)

    def predicted(self, value: float) -> float:
        """Return the loss that the tangent predicts: ``loss + slope · (value − now)``."""
        return self.loss + self.slope * (_checked_value(value) - self.now)

    def true(self, value: float) -> float:
        """Return the loss at a value."""
        return float(self._losses_at(np.array([_checked_value(value)]))[0])


def curve_along(values: Array, now: float, slope: float, losses_at: Losses) -> LossCurve:
    """Return the curve of a number that is `now`, over some values."""
    quiet = np.errstate(all="ignore")(losses_at)
    losses = quiet(np.append(values, now))
    return LossCurve(values, losses[:-1], now, float(losses[-1]), slope, quiet)


def parts(count: int, at_once: int) -> list[slice]:
    """Return the slices of at most `at_once` that make up `count`."""
    return [slice(start, start + at_once) for start in range(0, count, at_once)]


def checked_points(points: int) -> int:
    """Return a number of points, or raise `SettingError`."""
    points = plain(points)
    if not is_whole(points) or not 2 <= points <= MOST_POINTS:
        raise SettingError(
            "points",
            f"points must be a whole number from 2 to {MOST_POINTS}, got {shown(points)}.",
        )
    return points


def checked_values(values: ArrayLike) -> Array:
    """Return values as an array, or raise `SettingError` if one is not a finite number."""
    values = plain(values)
    if not isinstance(values, (list, tuple)) or not values:
        raise SettingError("values", f"values must be a list of numbers, got {shown(values)}.")
    return np.array([_checked_value(value) for value in values], np.float64)


def _checked_value(value: float) -> float:
    value = plain(value)
    if not is_number(value) or not is_finite(value):
        raise SettingError(
            "value",
            f"A value must be a finite number, at most {LARGEST:.2g} in magnitude; "
            f"got {shown(value)}.",
        )
    return float(value)
