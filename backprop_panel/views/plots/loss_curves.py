"""Runs' losses as lines: smoothed, and thinned to what a screen can show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tsdownsample import MinMaxLTTBDownsampler

from ...runs.run import TrainingRun
from ...training.event_log import Changed, Event, LayerFrozen, Trained, WeightsLoaded
from ...training.history import History
from .html import number
from .line_plot import Happening, Line

MOST_POINTS = 1000
"""Points of a curve that are sent: about one for each pixel of a wide screen."""

POINTS_TOGETHER = 10_000
"""Points of all runs' curves together: a browser needs a second for ten times as many."""

FEWEST_POINTS = 200
"""Points of a curve, however many there are."""

MOST_THICK = 8
"""Runs whose curves are drawn more than a pixel thick."""

MOST_NAMED = 2
"""How many changes at one step are told in a line."""

MOST_STEPS_SMOOTHED = 100
"""How many steps are averaged at full smoothing."""

MOST_EXACT = 20_000
"""Steps in view up to which the running mean is drawn at each."""

Window = tuple[float, float] | None


@dataclass(frozen=True)
class Wanted:
    """How losses are to be drawn.

    Parameters
    ----------
    smoothing : float
        From 0 to 1.
    validation : bool
        Whether the validation loss and the floor are drawn as well.
    window : (float, float) or None
        The steps in view, or None for all.
    begin : int
        The first step that is drawn: before it, the curve is another run's.
    points : int
        The most points of a curve.
    width : float
        Pixels that a curve is thick.
    """

    smoothing: float = 0.0
    validation: bool = True
    window: Window = None
    begin: int = 0
    points: int = MOST_POINTS
    width: float = 1.5

    @property
    def dashed_points(self) -> int:
        """The most points of a dashed curve, which takes longest to draw."""
        return min(FEWEST_POINTS, self.points // 2)


def points_each(runs: int) -> int:
    """Return how many points a curve may have among those of so many runs."""
    return max(FEWEST_POINTS, min(MOST_POINTS, POINTS_TOGETHER // max(runs, 1)))


def width_each(runs: int) -> float:
    """Return how thick the curves of so many runs are.

    A browser draws lines of one pixel six times as fast as thicker ones.
    """
    return Wanted.width if runs <= MOST_THICK else 1


class _Read:
    """What takes longest of a long run's lines: all of its losses are gone through for it."""

    def __init__(self, history: History, span: int) -> None:
        self.losses, self._validation = history["loss"], history["validation_loss"]
        self.span = span

    @cached_property
    def means(self) -> NDArray:
        """The mean of each full stretch of the losses."""
        return stretch_means(self.losses, self.span)

    @cached_property
    def validations(self) -> tuple[NDArray, NDArray]:
        """The steps with a validation loss, and it."""
        rows = np.flatnonzero(np.isfinite(self._validation))
        return rows + 1, self._validation[rows]


class LossLines:
    """The lines of runs, each kept until its run has gone on or something else is wanted."""

    def __init__(self) -> None:
        self._lines: dict[str, tuple[object, list[Line]]] = {}
        self._kept: dict[str, _Read] = {}

    def of_all(self, wanted: Mapping[TrainingRun, tuple[str, Wanted]]) -> list[Line]:
        """Return the lines of runs, each in its colour and as wanted; let go of all others."""
        ids = {run.id for run in wanted}
        for kept in (self._lines, self._kept):
            for gone in kept.keys() - ids:
                del kept[gone]
        return [line for run, (color, how) in wanted.items() for line in self.of(run, color, how)]

    def of(self, run: TrainingRun, color: str, wanted: Wanted) -> list[Line]:
        """Return a run's training loss and, if wanted, its validation loss and its floor."""
        state = (run.history.rows, run.name, color, run.trainer.loss_type, wanted)
        kept = self._lines.get(run.id)
        if kept is None or kept[0] != state:
            kept = self._lines[run.id] = (state, list(self._draw(run, color, wanted)))
        return kept[1]

    def _read(self, run: TrainingRun, span: int) -> _Read:
        """Return what is read of a run's losses, kept while it is only looked at elsewhere."""
        kept = self._kept.get(run.id)
        if kept is None or (len(kept.losses), kept.span) != (run.history.rows, span):
            kept = self._kept[run.id] = _Read(run.history, span)
        return kept

    def _draw(self, run: TrainingRun, color: str, wanted: Wanted) -> Iterator[Line]:
        about, width = _about(run), wanted.width
        read = self._read(run, span_of(wanted.smoothing))
        rows, view = len(read.losses), (wanted.window, wanted.begin)
        steps, losses = averaged(read.losses, read.span, *view, read.means)
        yield Line(*thinned(steps, losses, wanted.points), color, run.name, about, width=width)
        if not wanted.validation:
            return
        steps, losses = read.validations
        first, last = in_view(rows, *view)
        seen = slice(*np.searchsorted(steps, (first, last + 1)))
        yield Line(
            *thinned(steps[seen], losses[seen], wanted.dashed_points),
            color,
            f"{run.name}, validation",
            about,
            dash="dashed",
            width=width,
        )
        floor = run.dataset.optimal_loss(run.trainer.loss_type)
        if rows and floor > 0:
            yield Line(
                np.array([0, rows]),
                np.full(2, floor),
                color,
                f"{run.name}, floor",
                f"no function of the context does better than {number(floor)}",
                dash="dotted",
                width=1,
            )


def changed_settings(run: TrainingRun, smoothing: float) -> list[Happening]:
    """Return a point of the run's curve for each change of a setting, weights or a layer."""
    events = [
        event
        for event in list(run.trainer.engine.events)
        if not isinstance(event, Trained) and 0 < event.step <= run.history.rows
    ]
    if not events:
        return []
    losses = smoothed(run.history["loss"], span_of(smoothing))
    return [Happening(event.step, float(losses[event.step - 1]), _what(event)) for event in events]


def changes_after(run: TrainingRun, step: int) -> str:
    """Return what was changed right after a step, empty if nothing was."""
    changes = [
        _what(event)
        for event in list(run.trainer.engine.events)
        if not isinstance(event, Trained) and event.step == step
    ]
    more = [f"{len(changes) - MOST_NAMED} more"] if len(changes) > MOST_NAMED else []
    return ", ".join([*changes[:MOST_NAMED], *more])


def span_of(strength: float) -> int:
    """Return over how many steps a smoothing from 0, none, to 1 averages."""
    return 1 + int(strength * MOST_STEPS_SMOOTHED)


def in_view(count: int, window: Window = None, begin: int = 0) -> tuple[int, int]:
    """Return the first and the last of so many steps that are drawn.

    Parameters
    ----------
    count : int
    window : (float, float), optional
        The steps in view; as many before and after are drawn as well, for when the plot is moved.
    begin : int
        The first step of the curve.
    """
    first, last = min(max(begin, 1), count + 1), count
    if window is not None:
        margin = window[1] - window[0]
        first = int(np.clip(window[0] - margin, first, count + 1))
        last = int(np.clip(window[1] + margin, first - 1, count))
    return first, last


def averaged(
    losses: NDArray,
    span: int,
    window: Window = None,
    begin: int = 0,
    means: NDArray | None = None,
) -> tuple[NDArray, NDArray]:
    """Return the steps in view and the mean of the last `span` losses there.

    Parameters
    ----------
    losses : array, shape (steps,)
        Of the steps 1, 2, 3, …
    span : int
    window, begin
        As `in_view` takes them.
    means : array, optional
        What `stretch_means` returns, if it was kept.
    """
    first, last = in_view(len(losses), window, begin)
    if span > 1 and last - first >= MOST_EXACT:
        # More than there are pixels: the mean of every stretch is as good as that at every step.
        means = stretch_means(losses, span) if means is None else means
        from_stretch, to_stretch = -(-(first - 1) // span), last // span
        steps = span * np.arange(from_stretch + 1, to_stretch + 1)
        # The last steps fill no stretch of their own.
        end = losses[last - span : last].mean()
        return np.append(steps, last), np.append(means[from_stretch:to_stretch], end)
    before = max(0, first - span)
    return np.arange(first, last + 1), smoothed(losses[before:last], span)[first - 1 - before :]


def stretch_means(losses: NDArray, span: int) -> NDArray:
    """Return the mean of each full stretch of so many losses."""
    if span == 1:
        return losses
    count = len(losses) // span
    # Not np.mean, which takes ten times as long over so short an axis; nor a product, for which a
    # matrix library calls threads that wait for each other while the browser draws beside them.
    return np.einsum("ij->i", losses[: count * span].reshape(count, span)) / span


def smoothed(values: NDArray, span: int) -> NDArray:
    """Return the mean of the last `span` values at each, of fewer at the beginning."""
    span = min(span, len(values))
    if span < 2:
        return values
    sums = np.cumsum(values, dtype=np.float64)
    means = np.empty(len(values), np.float32)
    means[:span] = sums[:span] / np.arange(1, span + 1)
    means[span:] = (sums[span:] - sums[:-span]) / span
    return means


def thinned(x: NDArray, y: NDArray, most: int) -> tuple[NDArray, NDArray]:
    """Return at most so many points that keep the curve's shape."""
    if len(x) <= most:
        return x, y
    kept = MinMaxLTTBDownsampler().downsample(np.ascontiguousarray(y), n_out=most)
    return x[kept], y[kept]


def _about(run: TrainingRun) -> str:
    settings = run.trainer.engine.settings
    names = ("optimizer", "learning_rate", "batch_size")
    return f"now {_listed({name: getattr(settings, name) for name in names})}"


def _listed(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in settings.items())


def _what(event: Event) -> str:
    if isinstance(event, Changed):
        return _listed(event.settings)
    if isinstance(event, LayerFrozen):
        return f"W{event.layer + 1} {'frozen' if event.frozen else 'let go'}"
    if isinstance(event, WeightsLoaded):
        return "weights loaded"
    return f"W{event.layer + 1}[{event.row}, {event.column}] set to {event.value:g}"
