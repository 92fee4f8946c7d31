"""Health of the layers of a network: what is usual, and how values are distributed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..training.health_meter import evenly_spread

Array = NDArray[np.floating]

USUAL_UPDATE_RATIO = 1e-3
"""Usual size of an update relative to the weights where training goes well."""

BINS = 40


@dataclass(frozen=True)
class Histogram:
    """The distribution of some values.

    Attributes
    ----------
    middles : array, shape (BINS,)
        Middles of the bins.
    shares : array, shape (BINS,)
        Share of the values in each bin.
    """

    middles: Array
    shares: Array


def histogram(values: Array) -> Histogram:
    """Return the histogram of the finite values."""
    values = evenly_spread(values)
    # In float64, also where few numbers of float32 lie between the smallest and the largest.
    finite = values[np.isfinite(values)].astype(np.float64)
    counts, edges = np.histogram(finite, BINS, _extent(finite))
    return Histogram((edges[1:] + edges[:-1]) / 2, counts / max(finite.size, 1))


def _extent(values: Array) -> tuple[float, float]:
    """Return between what the bins lie, also for values that are all the same."""
    low, high = values.min(initial=np.inf), values.max(initial=-np.inf)
    if low < high:
        return low, high
    middle = low if values.size else 0.0
    room = max(0.5, abs(middle) / 2)
    return middle - room, middle + room
