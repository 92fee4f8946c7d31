"""Limits of the colour scales, which follow the values on the map."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ...settings import LARGEST

SMOOTHING = 0.1
"""How far a scale's smoothed magnitude moves towards a smaller one with each frame."""

GROWTH = 0.5
"""How far it moves towards a larger one."""

ROOM = 1.4
"""A changed limit is the magnitude times this, at most the largest number of float32.

It is kept until the magnitude exceeds it, or falls below the limit divided by the square of this.
"""

SMALLEST = 1e-12
"""The limit of a scale for values that are all zero."""


class Scales:
    """Scales symmetric about zero, one for each kind of value, smoothed over frames.

    A limit changes only when it must, since the browser then colours all cells again.

    Attributes
    ----------
    ends : dict of str to float
        The limit of each kind's scale.
    locked : bool
        Whether the limits stay as they are.
    """

    def __init__(self) -> None:
        self.ends: dict[str, float] = {}
        self.locked = False
        self._magnitudes: dict[str, float] = {}

    def forget(self, kinds: Iterable[str] | None = None) -> None:
        """Start again from the next values: those of some kinds, or of all."""
        for kind in list(self.ends) if kinds is None else kinds:
            self.ends.pop(kind, None)
            self._magnitudes.pop(kind, None)

    def follow(
        self, shown: Iterable[tuple[str, NDArray[np.floating]]], smoothly: bool = True
    ) -> bool:
        """Update the limits from a frame's values; return whether one changed.

        Parameters
        ----------
        shown : iterable of (str, array)
            Each array with its kind.
        smoothly : bool
            Whether limits move gradually, for a frame among many; otherwise they fit at once.
        """
        before = dict(self.ends)
        largest: dict[str, float] = {}
        for kind, values in shown:
            largest[kind] = max(largest.get(kind, SMALLEST), _largest(values))
        for kind, magnitude in largest.items():
            if kind not in self.ends:
                self.ends[kind] = self._magnitudes[kind] = magnitude
            elif not self.locked:
                self._follow(kind, magnitude, smoothly)
        return self.ends != before

    def _follow(self, kind: str, magnitude: float, smoothly: bool) -> None:
        before, end = self._magnitudes[kind], self.ends[kind]
        rate = (SMOOTHING if magnitude < before else GROWTH) if smoothly else 1
        smoothed = self._magnitudes[kind] = before + rate * (magnitude - before)
        if not end / ROOM**2 <= smoothed <= end:
            self.ends[kind] = min(smoothed * ROOM, LARGEST)


def _largest(values: NDArray[np.floating]) -> float:
    """Return the largest magnitude that is finite in float32."""
    magnitudes = np.abs(values)
    largest = float(magnitudes.max(initial=0))
    if largest <= LARGEST:
        return largest
    return float(magnitudes.max(initial=0, where=magnitudes <= LARGEST))
