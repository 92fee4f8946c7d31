"""What the results of a sweep say: means over seeds, losses over two settings, importance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite, isnan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .trial import MOST_POINTS, Curve, Trial

MOST_BINS = 5
"""Groups into which a setting with many values is divided to tell its importance."""


@dataclass(frozen=True)
class Measure:
    """By which number runs are compared.

    Parameters
    ----------
    objective : str
        ``"loss"`` or ``"validation_loss"``.
    lowest : bool
        Whether its lowest value counts, and not its last one.
    """

    objective: str = "loss"
    lowest: bool = False

    def of(self, trial: Trial) -> float:
        """Return the number of a run: infinite if it failed, NaN if there is none yet."""
        return trial.ranking(self.objective, self.lowest)


@dataclass(frozen=True)
class Band:
    """The mean of several curves and how far they spread.

    Attributes
    ----------
    steps, mean, low, high : array, shape (points,)
        `low` and `high` are the lowest and the highest curve: a standard deviation from the mean
        may lie below zero, where no loss is.
    """

    steps: NDArray[np.int64]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    @classmethod
    def of(cls, curves: Sequence[Curve]) -> Band:
        """Return the band of curves, as far as the longest of them goes."""
        curves = [curve for curve in curves if len(curve.steps)]
        last = max((int(curve.steps[-1]) for curve in curves), default=0)
        steps = np.unique(np.linspace(1, last, min(last, MOST_POINTS)).round().astype(np.int64))
        losses = np.array(
            [np.interp(steps, c.steps, c.losses, left=np.nan, right=np.nan) for c in curves]
        ).reshape(len(curves), len(steps))
        there = ~np.isnan(losses).all(axis=0)
        steps, losses = steps[there], losses[:, there]
        with np.errstate(all="ignore"):  # of runs that diverge
            mean = np.nanmean(losses, axis=0)
        return cls(steps, mean, np.nanmin(losses, axis=0), np.nanmax(losses, axis=0))


def by_settings(trials: Iterable[Trial]) -> list[list[Trial]]:
    """Return the runs in groups that differ in their seed alone."""
    groups: dict[str, list[Trial]] = {}
    for trial in trials:
        settings = {name: value for name, value in trial.settings.items() if name != "seed"}
        groups.setdefault(str(settings), []).append(trial)
    return list(groups.values())


def ranked(trials: Iterable[Trial], measure: Measure) -> list[Trial]:
    """Return the runs that have a loss, best first; those that failed come last."""
    there = [trial for trial in trials if not isnan(measure.of(trial))]
    return sorted(there, key=lambda trial: (measure.of(trial), trial.number))


def loss_ranks(order: Sequence[Trial], measure: Measure) -> NDArray[np.float64]:
    """Return the ranks of the losses of runs, from 0 to 1, shape (runs,).

    Runs with the same loss share the mean of their ranks; so do all that failed.

    Parameters
    ----------
    order : sequence of Trial
        At least two, as `ranked` returns them.
    measure : Measure
    """
    _, equal = np.unique([measure.of(trial) for trial in order], return_inverse=True)
    ranks = np.linspace(0, 1, len(order))
    return (np.bincount(equal, ranks) / np.bincount(equal))[equal]


def best_share(trials: Iterable[Trial], measure: Measure, percent: float) -> list[Trial]:
    """Return the best so many per cent of the runs, at least one; all of them for 100."""
    trials = list(trials)
    if percent >= 100:
        return trials
    order = ranked(trials, measure)
    return order[: max(1, round(len(order) * percent / 100))]


def values_of(trials: Iterable[Trial], name: str) -> list[Any]:
    """Return the different values of a setting, numbers in their order."""
    values = {str(trial.settings[name]): trial.settings[name] for trial in trials}
    return sorted(values.values(), key=_order)


def _order(value: Any) -> tuple[bool, Any]:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return (not is_number, value if is_number else str(value))


def losses_over(
    trials: Iterable[Trial], across: str, up: str, measure: Measure
) -> tuple[list[Any], list[Any], NDArray[np.float64]]:
    """Return the values of two settings, and the mean loss for each pair of them.

    Returns
    -------
    across, up : list
        The values of both settings.
    losses : array, shape (up, across)
        Means over all else; NaN where there is no run with a finite loss.
    """
    trials = list(trials)
    columns, rows = values_of(trials, across), values_of(trials, up)
    sums, counts = np.zeros((len(rows), len(columns))), np.zeros((len(rows), len(columns)))
    for trial in trials:
        loss = measure.of(trial)
        if isfinite(loss):
            place = rows.index(trial.settings[up]), columns.index(trial.settings[across])
            sums[place] += loss
            counts[place] += 1
    with np.errstate(invalid="ignore"):
        return columns, rows, sums / counts


@dataclass(frozen=True)
class Importance:
    """How much of the order of the losses a setting explains by itself.

    Attributes
    ----------
    name : str
    share : float
        Of the variance of the losses' ranks between groups of equal values (the correlation
        ratio η²), from 0 to 1.
    value_ranks, loss_ranks : array, shape (runs,)
        The ranks of its values and of the losses, from 0 to 1.
    trials : list of Trial
        The runs that they are of.
    """

    name: str
    share: float
    value_ranks: NDArray[np.float64]
    loss_ranks: NDArray[np.float64]
    trials: list[Trial]


def importances(
    trials: Iterable[Trial], names: Iterable[str], measure: Measure
) -> list[Importance]:
    """Return the importance of each setting, the largest first; failed runs rank last."""
    order = ranked(trials, measure)
    if len(order) < 2:
        return []
    losses = loss_ranks(order, measure)
    found = []
    for name in names:
        values = values_of(order, name)
        if len(values) > 1:
            places = np.array([values.index(trial.settings[name]) for trial in order])
            share = _correlation_ratio(places, losses)
            found.append(Importance(name, share, places / (len(values) - 1), losses, order))
    return sorted(found, key=lambda each: -each.share)


def _correlation_ratio(places: NDArray[np.integer], losses: NDArray[np.float64]) -> float:
    """Return the share of the variance of `losses` that lies between groups of `places`.

    It is 0 where all losses are the same.
    """
    bins = min(int(places.max()) + 1, MOST_BINS)
    groups = places * bins // (int(places.max()) + 1)
    counts = np.bincount(groups, minlength=bins)
    means = np.bincount(groups, losses, bins) / np.maximum(counts, 1)
    between = float(counts @ (means - losses.mean()) ** 2)
    whole = float(((losses - losses.mean()) ** 2).sum())
    return between / whole if whole else 0.0


def axis_positions(trials: Sequence[Trial], name: str) -> NDArray[np.float64]:
    """Return where the values of a setting lie on its axis, from 0 to 1, shape (runs,).

    Numbers over more than a factor of 20 are on a log scale; names are spread evenly.
    """
    values = values_of(trials, name)
    numeric = all(_order(value)[0] is False for value in values)
    if not numeric or len(values) == 1:
        places = np.array([values.index(trial.settings[name]) for trial in trials], float)
        return places / max(len(values) - 1, 1)
    numbers = np.array([trial.settings[name] for trial in trials], float)
    return scaled(numbers)


def scaled(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return finite numbers from 0 to 1, on a log scale over more than a factor of 20."""
    low, high = numbers.min(), numbers.max()
    if low > 0 and high > 20 * low:
        numbers, low, high = np.log(numbers), np.log(low), np.log(high)
    return (numbers - low) / ((high - low) or 1)
