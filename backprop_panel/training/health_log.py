"""The health of a run's layers at some of its steps: kept with the run, thinned evenly."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MEASURES = ("gradient_norm", "weight_norm", "update_ratio", "blocked_share")
"""The measures of a layer in one step: the Euclidean norms of its gradient and of its weights with
the bias, the norm of its update divided by that of the weights, and the share of blocked units.
Hardly any gradient passes through a blocked unit for any training example."""

DISTRIBUTIONS = ("activations", "gradients")
QUANTILES = (0.05, 0.5, 0.95)
"""Quantiles of a layer's activations and gradients."""

COLUMNS = len(MEASURES) + len(DISTRIBUTIONS) * len(QUANTILES)
"""Numbers of a layer in one step: the measures, then the quantiles of each distribution."""

MOST_MOMENTS = 2000
"""Number of moments in a log; when it is full, half of them are dropped, evenly."""


LONGEST_GAP = 1 / 32
"""Share of its steps that a run makes without a measurement, at most, while time is short."""


class StepHealth(NamedTuple):
    """The health of all layers in one step.

    Attributes
    ----------
    step : int
    values : array, shape (layers, COLUMNS)
    """

    step: int
    values: NDArray[np.float32]


class HealthLog:
    """The health of a run's layers at the measured steps.

    Parameters
    ----------
    moments : iterable of StepHealth
        In the order of their steps.
    """

    def __init__(self, moments: Iterable[StepHealth] = ()) -> None:
        self.moments = list(moments)

    @property
    def next_step(self) -> int:
        """The first step that may be measured next."""
        return self.moments[-1].step + self.spacing if self.moments else 1

    @property
    def overdue_step(self) -> int:
        """The step by which another should be measured, a 32nd further than the last."""
        return int(self.moments[-1].step * (1 + LONGEST_GAP)) + 1 if self.moments else 1

    @property
    def spacing(self) -> int:
        """The least distance between two measured steps, as in an even log of the steps so far."""
        return max(1, self.moments[-1].step // MOST_MOMENTS) if self.moments else 1

    def add(self, moment: StepHealth) -> None:
        """Add a moment after all others; drop every second one if the log is full."""
        self.moments.append(moment)
        if len(self.moments) > MOST_MOMENTS:
            # A new list, as a reader in another thread may hold the old one.
            self.moments = self._evenly(MOST_MOMENTS // 2)

    def up_to(self, step: int) -> HealthLog:
        """Return a copy that ends at or before `step`."""
        moments = list(self.moments)
        return HealthLog(moments[: bisect_right(moments, step, key=lambda moment: moment.step)])

    @property
    def steps(self) -> NDArray[np.integer]:
        """The measured steps, shape (moments,)."""
        return np.array([moment.step for moment in self.moments], int)

    def measure(self, name: str) -> NDArray[np.float32]:
        """Return one of `MEASURES`, shape (moments, layers)."""
        return self._values()[..., MEASURES.index(name)]

    def quantiles(self, of: str, layer: int) -> NDArray[np.float32]:
        """Return the quantiles of one of `DISTRIBUTIONS` in a layer, shape (moments, 3)."""
        first = len(MEASURES) + len(QUANTILES) * DISTRIBUTIONS.index(of)
        return self._values()[:, layer, first : first + len(QUANTILES)]

    def _values(self) -> NDArray[np.float32]:
        return np.array([moment.values for moment in self.moments])

    def _evenly(self, count: int) -> list[StepHealth]:
        """Return about `count` moments, evenly spaced over the steps; the last one stays."""
        steps = self.steps
        wanted = np.linspace(steps[0], steps[-1], count)
        places = np.unique(np.searchsorted(steps, wanted))
        return [self.moments[place] for place in places]
