"""Measuring the health of layers while an engine trains, within a share of the time."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter, thread_time

import numpy as np
from numpy.typing import NDArray

from ..data.sequence_dataset import SequenceDataset
from ..nn.network import Network
from .evaluation import Evaluation
from .health_log import COLUMNS, MEASURES, QUANTILES

Array = NDArray[np.floating]

TIME_SHARE = 0.005
"""Largest share of the time that is spent on measuring."""

MOST_SAVED_SECONDS = 0.02
"""Time for measuring that may be saved up: the first steps of each training are all measured."""

MOST_OWED_SECONDS = 0.1
"""Time for measuring that may be owed, so that no long stretch of a short run goes unmeasured."""

FLAT = 0.01
"""Largest slope of a blocked unit: it passes on less than a hundredth of the gradient."""

MOST_EXAMPLES = 1024
"""Training examples that tell whether a unit is blocked: all of them, or so many."""

AT_ONCE = 256
"""Examples in one forward pass: buffers about as large as those of training."""

ENOUGH_VALUES = 4096
"""Number of values of a layer that enter its quantiles and histograms."""


class TimeShare:
    """The time that may be spent on something done beside training."""

    def __init__(self) -> None:
        self._cost = 1e-3
        self._saved = MOST_SAVED_SECONDS
        self.restart()

    def restart(self) -> None:
        """Count the time from now on."""
        self._at = perf_counter()

    def affordable(self) -> int:
        """Return how often it may be done now."""
        now = perf_counter()
        saved = self._saved + TIME_SHARE * (now - self._at)
        self._saved, self._at = min(saved, MOST_SAVED_SECONDS), now
        # Once, however long it takes, if there is time at all; the debt is paid off afterwards.
        return max(int(self._saved / self._cost), int(self._saved > 0))

    @property
    def owes_little(self) -> bool:
        """Whether it may be done once more where it is overdue."""
        return self._saved > -MOST_OWED_SECONDS

    def spend(self, seconds: float) -> None:
        """Take the time for which it was done once."""
        self._saved -= seconds
        self._cost = max(seconds, 1e-6)


class BlockedUnits:
    """The hidden units that pass hardly any gradient on, whatever the training example.

    Parameters
    ----------
    network : Network
    data : SequenceDataset

    Attributes
    ----------
    examples : int
        Number of training examples that are looked at: all, or `MOST_EXAMPLES` evenly spread.
    """

    def __init__(self, network: Network, data: SequenceDataset) -> None:
        self.examples = min(len(data), MOST_EXAMPLES)
        samples = np.arange(self.examples) * len(data) // self.examples
        # A window that was drawn several times tells nothing more.
        windows = np.unique(np.asarray(data.sample_windows[samples]))
        self._contexts, _ = data.context_and_target(windows)
        self._evaluation = Evaluation(network, data, AT_ONCE)

    def now(self) -> list[NDArray[np.bool_]]:
        """Return which units of each hidden level are blocked with the present weights."""
        pieces = self._evaluation.slopes(self._contexts)
        blocked = [is_flat(level) for level in next(pieces)]
        for levels in pieces:
            for level, slopes in enumerate(levels):
                blocked[level] &= is_flat(slopes)
        return blocked


class HealthMeter:
    """Measures the health of the layers in some steps of an engine.

    Parameters
    ----------
    network : Network
    data : SequenceDataset
    """

    def __init__(self, network: Network, data: SequenceDataset) -> None:
        self._network, self._data = network, data
        self._blocked: BlockedUnits | None = None
        self._time = TimeShare()
        self._seconds = 0.0

    def places(self, count: int, first: int, spacing: int, overdue: int) -> range:
        """Return the indices of those of the next `count` steps that are to be measured.

        The last step is among them if any is: what is shown is the state after it.

        Parameters
        ----------
        count, first : int
        spacing : int
            The smallest distance between two measured steps.
        overdue : int
            The index from which on one is measured even if there is no time.
        """
        most = self._time.affordable()
        if not most and overdue < count and self._time.owes_little:
            most = 1
        if first >= count or not most:
            return range(0)
        stride = max(spacing, -(-(count - first) // most))
        return range(first + (count - 1 - first) % stride, count, stride)

    def begin(self) -> NDArray[np.float32]:
        """Measure what holds before a step; return values (layers, COLUMNS) to be completed."""
        begin = thread_time()
        if self._blocked is None:
            self._blocked = BlockedUnits(self._network, self._data)
        values = np.zeros((self._network.depth, COLUMNS), np.float32)
        with np.errstate(all="ignore"):
            values[:, MEASURES.index("weight_norm")] = norms(self._network.layers)
            values[:-1, MEASURES.index("blocked_share")] = [
                level.mean() for level in self._blocked.now()
            ]
        self._seconds = thread_time() - begin
        return values

    def complete(
        self,
        values: NDArray[np.float32],
        activations: Sequence[Array],
        gradients: Sequence[Array],
        updates: Sequence[Array],
    ) -> None:
        """Complete the values of a step with what it computed.

        Parameters
        ----------
        values : array, shape (layers, COLUMNS)
            As `begin` returned it.
        activations : sequence of array, shape (B, units)
            Of each level, the inputs first.
        gradients, updates : sequence of array, shape (in + 1, out)
        """
        begin = thread_time()
        with np.errstate(all="ignore"):
            weights = values[:, MEASURES.index("weight_norm")]
            values[:, MEASURES.index("gradient_norm")] = norms(gradients)
            ratios = np.divide(
                norms(updates), weights, out=np.zeros_like(weights), where=weights != 0
            )
            values[:, MEASURES.index("update_ratio")] = ratios
            values[:, len(MEASURES) :] = np.hstack(
                [quantiles(kind) for kind in (activations[1:], gradients)]
            )
        self._time.spend(self._seconds + thread_time() - begin)


def is_flat(slopes: Array) -> NDArray[np.bool_]:
    """Return which units (columns of `slopes`) are flat for all examples."""
    return (np.abs(slopes) < FLAT).all(axis=0)


def norms(arrays: Sequence[Array]) -> NDArray[np.float32]:
    """Return the Euclidean norm of each array."""
    return np.array([np.linalg.norm(array) for array in arrays], np.float32)


def quantiles(arrays: Sequence[Array]) -> NDArray[np.float32]:
    """Return the quantiles of each array by the nearest rank, (arrays, 3); NaN where one is."""
    return np.array([_quantiles(np.sort(evenly_spread(array))) for array in arrays], np.float32)


def _quantiles(ordered: Array) -> Array:
    if np.isnan(ordered[-1]):  # NumPy sorts them to the end
        return np.full(len(QUANTILES), np.nan)
    return ordered[np.rint(np.array(QUANTILES) * (len(ordered) - 1)).astype(int)]


def evenly_spread(values: Array) -> Array:
    """Return at most about `ENOUGH_VALUES` values of an array, evenly spread."""
    flat = values.ravel("K")
    # An odd distance: an even one may meet the same few units again and again.
    return flat[:: flat.size // ENOUGH_VALUES | 1]
