"""The ends of the colour scales, which follow what is shown."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

SMOOTHING = 0.1
"""How far the magnitude to which a scale belongs follows a smaller one with each frame."""

GROWTH = 0.5
"""How far it follows a larger one."""

ROOM = 1.4
"""How far beyond that magnitude a new scale ends, and how far it may fall before it ends nearer."""

SMALLEST = 1e-12
"""Where the scale of nothing but zeros ends."""


class Scales:
    """Scales symmetric about zero, one for each kind of value, smoothed over frames.

    A scale stays while it can: at each change the browser colours all cells again.

    Attributes
    ----------
    ends : dict of str to float
        Where the scale of each kind ends.
    locked : bool
        Whether they stay as they are.
    """

    def __init__(self) -> None:
        self.ends: dict[str, float] = {}
        self.locked = False
        self._magnitudes: dict[str, float] = {}

    def forget(self) -> None:
        """Begin anew with what is shown next."""
        self.ends, self._magnitudes = {}, {}

    def follow(
        self, shown: Iterable[tuple[str, NDArray[np.floating]]], smoothly: bool = True
    ) -> bool:
        """Take the values of a frame, each with its kind; return whether a scale changed.

        Where a moment is not one of many frames, nothing is gained by following it `smoothly`.
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
            self.ends[kind] = smoothed * ROOM


def _largest(values: NDArray[np.floating]) -> float:
    """Return the largest magnitude that is finite."""
    magnitudes = np.abs(values)
    largest = float(magnitudes.max(initial=0))
    if np.isfinite(largest):
        return largest
    return float(magnitudes.max(initial=0, where=np.isfinite(magnitudes)))
