"""The loss surface: the loss of a fixed sample over two directions through parameter space."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from ..nn.losses import LOSSES
from ..nn.network import Network, Workspace
from ..rng import random_stream
from ..runs.run import TrainingRun
from ..settings import refuse_other
from .directions import Directions
from .recomputation import rows_in_one_thread

Array = NDArray[np.floating]

FINEST = 57
"""Points along each side of the finest grid."""

STRIDES = (4, 2, 1)
"""Every fourth point of the finest grid makes the first, 15 by 15, every second one the next."""

COARSEST = (FINEST - 1) // STRIDES[0] + 1
"""Points along each side of the first grid."""

MOST_EXAMPLES = 240
MOST_INPUTS = 2**22
"""Most examples of the sample, and most numbers of their inputs.

As many examples as a network of the usual size can process in one thread.
"""

LEAST_AT_ONCE = 32
"""Examples that are processed at once in the widest networks; as many as a usual batch has."""

MARGIN = 0.25
"""Share of the path's extent that is left free on each side."""

LEAST_WEIGHT_WIDTH = 2.0
"""Least extent along a chosen weight."""

PIECE_SECONDS = 0.008
"""Approximate time that one piece of a grid takes, unless a single point takes longer.

Shorter ones would cost training more, as threads take a while to wake up on a busy machine.
"""


@dataclass(frozen=True, eq=False)
class LossGrid:
    """The loss on a grid of points of a plane.

    Attributes
    ----------
    x, y : array, shape (n,)
        Coordinates along the two directions, ascending.
    losses : array, shape (n, n)
        A row for each y; infinite where the loss is not finite, NaN where it is not computed yet.
    complete : bool
        Whether every point is computed.
    """

    x: Array
    y: Array
    losses: Array
    complete: bool


class LossSurface:
    """The loss of a fixed sample of training windows over a plane through parameter space.

    It copies what it needs of the run when it is made, in the thread that makes it. `refine`
    touches nothing of the run, so that another thread may work at it while the run trains.

    Parameters
    ----------
    run : TrainingRun
    directions : Directions
        As `directions_of` returns them for the run.

    Attributes
    ----------
    directions : Directions
    samples : array of int, shape (n,)
        The training samples whose mean loss it is: at most 240, the same for every surface of a
        dataset.
    loss_type : str
        The run's loss function at the time.
    silenced : frozenset of (int, int)
        The units that were silenced at the time, which are silenced everywhere on the surface.
    extents : ((float, float), (float, float))
        Least and greatest x and y; they hold the path with a margin.
    """

    def __init__(self, run: TrainingRun, directions: Directions) -> None:
        refuse_other("run", run, TrainingRun)
        refuse_other("directions", directions, Directions)
        data = run.dataset
        self.directions = directions
        self.loss_type = run.trainer.engine.settings.loss_type
        self.silenced = run.trainer.engine.silenced
        most = max(1, min(MOST_EXAMPLES, MOST_INPUTS // data.input_dimension, len(data)))
        chosen = random_stream("loss surface", data.seed).choice(len(data), most, replace=False)
        self.samples = np.sort(chosen)
        contexts, targets = data.__getitems__(self.samples)
        self._widths = run.model.network.widths
        self._activation_names = run.model.network.activation_names
        self._inputs = np.empty((most, data.input_dimension), np.float32)
        data.one_hot(contexts, out=self._inputs)
        self._targets = np.empty((most, data.output_dimension), np.float32)
        data.one_hot_targets(targets, out=self._targets)
        self.extents = _extents(directions)

    @property
    def steps(self) -> NDArray[np.integer]:
        """The steps of the path's states, shape (n,)."""
        return self.directions.steps

    @property
    def path(self) -> NDArray[np.float64]:
        """The path of the run on the plane, shape (n, 2)."""
        return self.directions.path

    def project(self, parameters: Array) -> NDArray[np.float64]:
        """Return the nearest point (x, y) of the plane for parameters of the run's network."""
        return self.directions.project(parameters)

    def refine(self) -> Iterator[LossGrid]:
        """Yield grids of 15, 29 and 57 points a side, each a few times as it fills.

        Every grid begins with the points of the one before. Each step of the iterator takes a few
        milliseconds, or as long as one point of a large network. A thread can stop after any step.
        """
        losses = np.full((FINEST, FINEST), np.nan)
        known = np.zeros(losses.shape, bool)
        x, y = (np.linspace(*extent, FINEST) for extent in self.extents)
        network = Network(self._widths, self._activation_names)
        network.silence(self.silenced)
        batches = self._batches(network)
        for stride in STRIDES:
            grid = np.zeros(losses.shape, bool)
            grid[::stride, ::stride] = True
            missing = deque(np.argwhere(grid & ~known).tolist())
            known |= grid
            while missing:
                end = perf_counter() + PIECE_SECONDS
                while missing:
                    row, column = missing.popleft()
                    losses[row, column] = self._loss(network, batches, x[column], y[row])
                    if perf_counter() > end:
                        break
                part = losses[::stride, ::stride].copy()
                yield LossGrid(x[::stride], y[::stride], part, complete=not missing)

    def _batches(self, network: Network) -> list[tuple[Workspace, Array]]:
        """Return the sample in parts that a thread processes by itself: inputs and targets."""
        examples = len(self._inputs)
        count = ceil(examples / max(rows_in_one_thread(network.layers), LEAST_AT_ONCE))
        batches = []
        for part in np.array_split(np.arange(examples), count):
            work = Workspace(network, len(part))
            work.activations[0][...] = self._inputs[part]
            batches.append((work, self._targets[part]))
        return batches

    def _loss(
        self, network: Network, batches: list[tuple[Workspace, Array]], x: float, y: float
    ) -> float:
        """Return the loss at a point of the plane, infinity if it is not finite."""
        first, second = self.directions.axes
        examples, total = LOSSES[self.loss_type].examples, 0.0
        network.parameters[...] = self.directions.centre
        with np.errstate(all="ignore"):
            network.parameters += np.float32(x) * first
            network.parameters += np.float32(y) * second
            for work, targets in batches:
                for _ in network.forward(work):
                    pass
                total += float(examples(work.logits, targets).sum())
        return total / len(self._inputs) if np.isfinite(total) else np.inf


def _extents(directions: Directions) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return extents that hold the path with a margin, neither much narrower than the other."""
    low, high = directions.path.min(axis=0), directions.path.max(axis=0)
    widths = (high - low) * (1 + 2 * MARGIN)
    least = widths.max() / 3
    if directions.shares is None:
        least = max(least, LEAST_WEIGHT_WIDTH)
    widths, middles = np.maximum(widths, least), (low + high) / 2
    x, y = zip((middles - widths / 2).tolist(), (middles + widths / 2).tolist(), strict=True)
    return x, y
