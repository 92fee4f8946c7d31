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
    finite = values[np.isfinite(values)]
    counts, edges = np.histogram(finite, BINS)
    return Histogram((edges[1:] + edges[:-1]) / 2, counts / max(finite.size, 1))
