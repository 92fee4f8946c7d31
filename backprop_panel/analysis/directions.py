"""Two directions through parameter space: the main ones of a run's path, or two of its weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..nn.network import Network
from ..plain_values import is_whole, plain
from ..runs.run import TrainingRun
from ..settings import SettingError, refuse_other, shown
from ..training.events import Trained
from .recomputation import IN_ONE_THREAD
from .record_cell import RecordCell

Array = NDArray[np.floating]

MOST_STATES = 48
"""Most states of a path; of more checkpoints some are taken, evenly spread.

The eigenvectors of four times as many take ten times as long, for which training would wait.
"""

LEAST_STATES = 3
"""Least states of a path with two main directions."""

FEW_STATES = 12
"""A short run with fewer checkpoints is repeated for states between them."""

MOST_REPEATED = 5e8
"""Most multiplications of weights and examples for which a run counts as short."""

LEAST_PER_STEP = 500_000
"""A step takes as long as so many multiplications, however small the network."""

STRAIGHT = 1e-12
"""A path is straight if its second direction has at most this share of the first one's variance."""


@dataclass(frozen=True, eq=False)
class Directions:
    """A plane through parameter space, and the path of a run on it.

    Attributes
    ----------
    centre : array, shape (size,)
        The parameters at (0, 0): the last ones of the path, or those with the two weights at 0.
    axes : array, shape (2, size)
        Two orthogonal directions of length 1.
    shares : (float, float) or None
        The share of the path's variance along each main direction; None for two weights.
    steps : array of int, shape (n,)
        The steps of the path's states, the beginning and the last one included.
    path : array, shape (n, 2)
        Where the states lie when projected onto the plane.
    """

    centre: NDArray[np.float32]
    axes: NDArray[np.float32]
    shares: tuple[float, float] | None
    steps: NDArray[np.integer]
    path: NDArray[np.float64]

    def project(self, parameters: Array) -> NDArray[np.float64]:
        """Return the nearest point (x, y) of the plane for parameters like ``centre``.

        Raises
        ------
        SettingError
            If the parameters are not those of the same network.
        """
        parameters = np.asarray(parameters)
        if parameters.shape != self.centre.shape:
            raise SettingError(
                "parameters",
                f"A network of this run has {len(self.centre)} parameters; got an array of the "
                f"shape {parameters.shape}.",
            )
        return _project(parameters[np.newaxis], self.centre, self.axes)[0]


def directions_of(run: TrainingRun, cells: Sequence[RecordCell] | None = None) -> Directions:
    """Return the two main directions of a run's path, or those of two chosen weights.

    The path leads from the initial weights over the checkpoints to the present weights. While a
    worker trains the run, it ends at the last checkpoint, which is less than a second old. States
    that are not finite are left out. The main directions are those of its principal component
    analysis. The plane passes through the last state, which therefore lies on it.

    Parameters
    ----------
    run : TrainingRun
    cells : two of RecordCell, optional
        Entries of ``weights`` or ``biases``: x and y are their values.

    Raises
    ------
    SettingError
        If the path has fewer than three different states or is straight, or a weight does not
        exist.
    """
    *_, found = find_directions(run, cells)
    return found


def find_directions(
    run: TrainingRun, cells: Sequence[RecordCell] | None = None
) -> Iterator[Directions | None]:
    """Yield None after each piece of the work of `directions_of`, and the directions at last.

    It reads the run and changes nothing, so that another thread may work at it while the run
    trains.
    """
    refuse_other("run", run, TrainingRun)
    network = run.model.initial_network()
    places = None if cells is None else _places(network, cells)
    states = _kept_states(run, network)
    for step in [*_edited(run, states), *_steps_between(run, network, states)]:
        states[step] = run.replay(step).engine.network.parameters
        yield None
    yield _directions(run, network, places, states)


def _directions(
    run: TrainingRun, network: Network, places: list[int] | None, by_step: dict[int, Array]
) -> Directions:
    """Return the directions of a path through states, by their steps."""
    steps, states = _path(by_step)
    if places is None:
        shares, axes = _main_directions(run, states)
        centre = states[-1].copy()
    else:
        shares, axes = None, np.zeros((2, network.size), np.float32)
        axes[[0, 1], places] = 1
        centre = states[-1].copy()
        centre[places] = 0
    return Directions(centre, axes, shares, steps, _project(states, centre, axes))


def _kept_states(run: TrainingRun, network: Network) -> dict[int, Array]:
    """Return the parameters of the beginning, the checkpoints and the present, by their steps."""
    engine = run.trainer.engine
    states = {0: network.parameters}

    def add_present() -> None:
        """Add the present parameters; for the thread that owns the engine."""
        states[engine.step] = engine.network.parameters.copy()

    states |= {state.step: state.parameters for state in list(engine.checkpoints.states)}
    run.commands.run_if_idle(add_present)
    return states


def _edited(run: TrainingRun, states: dict[int, Array]) -> list[int]:
    """Return the steps right after which something was done by hand.

    The checkpoint of such a step may lack the edit. The beginning stays what it was.
    """
    events = list(run.trainer.engine.events)
    edited = {event.step for event in events if not isinstance(event, Trained)}
    return sorted(edited & states.keys() - {0})


def _steps_between(run: TrainingRun, network: Network, states: dict[int, Array]) -> list[int]:
    """Return the steps of a short run that are to be repeated for more states."""
    last = max(states)
    per_step = max(run.trainer.engine.settings.batch_size * network.size, LEAST_PER_STEP)
    # While it trains, checkpoints soon follow, and training would make repeating them slow.
    enough = len(states) >= (LEAST_STATES if run.worker.running else FEW_STATES)
    if enough or last * per_step > MOST_REPEATED:
        return []
    between = np.linspace(0, last, FEW_STATES).round().astype(int).tolist()
    return [step for step in between if step not in states]


def _path(states: dict[int, Array]) -> tuple[NDArray[np.integer], Array]:
    """Return the steps, (n,), and the parameters, (n, size), of the finite states."""
    steps = sorted(step for step, state in states.items() if np.isfinite(state).all())
    if len(steps) > MOST_STATES:
        evenly = np.linspace(0, len(steps) - 1, MOST_STATES).round().astype(int)
        steps = [steps[place] for place in evenly]
    return np.array(steps), np.array([states[step] for step in steps])


def _main_directions(run: TrainingRun, states: Array) -> tuple[tuple[float, float], Array]:
    """Return the shares of variance and the directions, (2, size), of the path's two main axes."""
    different = len({hash(state.tobytes()) for state in states})
    if different < LEAST_STATES:
        raise SettingError(
            "directions",
            f"Main directions need {LEAST_STATES} different moments of the run; it has {different} "
            "so far: train a few steps more, or choose two weights.",
        )
    # As many rows as states, of which there are fewer than parameters.
    covariance = sum(centred @ centred.T for centred in _centred(states))
    variances, vectors = np.linalg.eigh(covariance)
    first, second = variances[-1], variances[-2]
    if second <= STRAIGHT * first:
        raise SettingError(
            "directions",
            f"The path of {run.name!r} is a straight line, or has a step so long that it looks "
            "like one, and so has no second direction: choose two weights.",
        )
    along = vectors[:, [-1, -2]].T / np.sqrt([[first], [second]])
    axes = np.concatenate([along @ centred for centred in _centred(states)], axis=1)
    # Of two opposite directions, take that by which the path begins at the left or the bottom.
    axes *= np.where(axes @ (states[-1] - states[0]) < 0, -1, 1)[:, np.newaxis]
    total = variances.sum()
    return (float(first / total), float(second / total)), axes.astype(np.float32)


def _centred(states: Array) -> Iterator[NDArray[np.float64]]:
    """Yield some parameters of all states, less their mean, shape (n, columns)."""
    at_once = max(1, IN_ONE_THREAD // len(states) ** 2)
    for start in range(0, states.shape[1], at_once):
        columns = states[:, start : start + at_once].astype(np.float64)
        yield columns - columns.mean(axis=0)


def _project(states: Array, centre: Array, axes: Array) -> NDArray[np.float64]:
    axes = axes.astype(np.float64)
    with np.errstate(all="ignore"):  # a diverged network has no point
        return np.array([axes @ (state.astype(np.float64) - centre) for state in states])


def _places(network: Network, cells: Sequence[RecordCell]) -> list[int]:
    """Return the places of two different weights in the network's parameters."""
    if not isinstance(cells, (list, tuple)) or len(cells) != 2:
        raise SettingError("cells", f"Two weights make a plane; got {shown(cells)}.")
    places = [_place(network, cell) for cell in cells]
    if places[0] == places[1]:
        raise SettingError("cells", f"Two different weights make a plane; got {shown(cells)}.")
    return places


def _place(network: Network, cell: RecordCell) -> int:
    if not isinstance(cell, RecordCell) or cell.quantity not in ("weights", "biases"):
        raise SettingError("cells", f"A direction is a weight or a bias; got {shown(cell)}.")
    numbers = network.by_layer(np.arange(network.size))
    layer, index = plain(cell.layer), plain(cell.index)
    if not is_whole(layer) or not 0 <= layer < network.depth:
        raise SettingError("cells", f"There are {network.depth} layers; got {shown(cell)}.")
    numbers = numbers[layer][-1] if cell.quantity == "biases" else numbers[layer][:-1]
    if len(index) != numbers.ndim or not all(
        is_whole(place) and 0 <= place < length
        for place, length in zip(index, numbers.shape, strict=True)
    ):
        raise SettingError(
            "cells", f"The {cell.quantity} have the shape {numbers.shape}; got {shown(cell)}."
        )
    return int(numbers[index])
