"""Runs' losses as lines: smoothed, and thinned to what a screen can show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from tsdownsample import MinMaxLTTBDownsampler

from ..events import Changed, Event, LayerFrozen, Trained
from ..run import TrainingRun
from .curves import Happening, Line
from .text import number

MOST_POINTS = 1000
"""Points of a curve that are sent: about one for each pixel of a wide screen."""

POINTS_TOGETHER = 10_000
"""Points of all runs' curves together: a browser needs a second for ten times as many."""

FEWEST_POINTS = 200
"""Points of a curve, however many there are; and of a dashed one, which takes longest to draw."""

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


def points_each(runs: int) -> int:
    """Return how many points a curve may have among those of so many runs."""
    return max(FEWEST_POINTS, min(MOST_POINTS, POINTS_TOGETHER // max(runs, 1)))


def width_each(runs: int) -> float:
    """Return how thick the curves of so many runs are.

    A browser draws lines of one pixel six times as fast as thicker ones.
    """
    return Wanted.width if runs <= MOST_THICK else 1


class LossLines:
    """The lines of runs, each kept until its run has gone on or something else is wanted."""

    def __init__(self) -> None:
        self._lines: dict[str, tuple[object, list[Line]]] = {}
        self._validated: dict[str, tuple[int, tuple[NDArray, NDArray]]] = {}
        self._means: dict[str, tuple[tuple[int, int], NDArray]] = {}

    def of_all(self, wanted: Mapping[TrainingRun, tuple[str, Wanted]]) -> list[Line]:
        """Return the lines of runs, each in its colour and as it is wanted.

        Reading fifty million losses takes longest, which two threads get through sooner.
        """
        with ThreadPoolExecutor(2) as pool:
            lines = pool.map(lambda each: self.of(each[0], *each[1]), wanted.items())
            return [line for those_of_one in lines for line in those_of_one]

    def of(self, run: TrainingRun, color: str, wanted: Wanted) -> list[Line]:
        """Return a run's training loss and, if wanted, its validation loss and its floor."""
        state = (run.history.rows, run.name, color, run.trainer.loss_type, wanted)
        kept = self._lines.get(run.id)
        if kept is None or kept[0] != state:
            kept = self._lines[run.id] = (state, list(self._draw(run, color, wanted)))
        return kept[1]

    def forget_all_but(self, run_ids: set[str]) -> None:
        """Let go of the lines of runs that are gone."""
        for kept in (self._lines, self._validated, self._means):
            for gone in kept.keys() - run_ids:
                del kept[gone]

    def _draw(self, run: TrainingRun, color: str, wanted: Wanted):
        history, about = run.history, _about(run)
        steps, losses = averaged(
            history["loss"],
            wanted.smoothing,
            wanted.window,
            wanted.begin,
            partial(self._stretch_means, run.id),
        )
        yield Line(
            *thinned(steps, losses, wanted.points), color, run.name, about, width=wanted.width
        )
        if not wanted.validation:
            return
        steps, losses = self._validation(run)
        own = steps >= wanted.begin
        yield Line(
            steps[own],
            losses[own],
            color,
            f"{run.name}, validation",
            about,
            dash="dashed",
            width=wanted.width,
        )
        floor = run.dataset.optimal_loss(run.trainer.loss_type)
        if history.rows and floor > 0:
            yield Line(
                np.array([0, history.rows]),
                np.full(2, floor),
                color,
                f"{run.name}, floor",
                f"no function of the context does better than {number(floor)}",
                dash="dotted",
                width=1,
            )

    def _stretch_means(self, run_id: str, losses: NDArray, span: int) -> NDArray:
        """Return the means of a run's stretches, kept while it is only looked at elsewhere."""
        kept = self._means.get(run_id)
        if kept is None or kept[0] != (len(losses), span):
            kept = self._means[run_id] = ((len(losses), span), stretch_means(losses, span))
        return kept[1]

    def _validation(self, run: TrainingRun) -> tuple[NDArray, NDArray]:
        """Return the steps with a validation loss, and it."""
        losses = run.history["validation_loss"]
        kept = self._validated.get(run.id)
        if kept is None or kept[0] != len(losses):
            rows = np.flatnonzero(np.isfinite(losses))
            kept = self._validated[run.id] = (
                len(losses),
                thinned(rows + 1, losses[rows], FEWEST_POINTS),
            )
        return kept[1]


def changed_settings(run: TrainingRun, smoothing: float) -> list[Happening]:
    """Return a point of the run's curve for each setting, weight or layer that was changed."""
    events = [
        event
        for event in list(run.trainer.engine.events)
        if not isinstance(event, Trained) and 0 < event.step <= run.history.rows
    ]
    if not events:
        return []
    losses = smoothed(run.history["loss"], 1 + int(smoothing * MOST_STEPS_SMOOTHED))
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


def averaged(
    losses: NDArray,
    strength: float,
    window: Window = None,
    begin: int = 0,
    means: Callable[[NDArray, int], NDArray] | None = None,
) -> tuple[NDArray, NDArray]:
    """Return the steps in view and the running mean of the losses there.

    Parameters
    ----------
    losses : array, shape (steps,)
        Of the steps 1, 2, 3, …
    strength : float
        From 0, no averaging, to 1, over 100 steps.
    window : (float, float), optional
        The steps in view; as many before and after are returned as well.
    begin : int
        The first step that is returned.
    means : callable, optional
        Returns `stretch_means`, if it was kept.
    """
    means = means or stretch_means
    first, end = min(max(begin - 1, 0), len(losses)), len(losses)
    if window is not None:
        margin = window[1] - window[0]
        first = int(np.clip(window[0] - margin - 1, first, end))
        end = int(np.clip(window[1] + margin, first, end))
    span = 1 + int(strength * MOST_STEPS_SMOOTHED)
    if span > 1 and end - first > MOST_EXACT:
        # More than there are pixels: the mean of every stretch is as good as that at every step.
        from_stretch, to_stretch = -(-first // span), end // span
        steps = span * np.arange(from_stretch + 1, to_stretch + 1)
        values = means(losses, span)[from_stretch:to_stretch]
        # The last steps fill no stretch of their own.
        last = losses[end - span : end].mean()
        return np.append(steps, end), np.append(values, last)
    before = max(0, first - span + 1)
    return np.arange(first + 1, end + 1), smoothed(losses[before:end], span)[first - before :]


def stretch_means(losses: NDArray, span: int) -> NDArray:
    """Return the mean of each full stretch of so many losses."""
    count = len(losses) // span
    # A product is ten times as fast as the mean over so short an axis.
    return losses[: count * span].reshape(count, span) @ np.full(span, 1 / span, losses.dtype)


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
    settings = run.settings
    names = ("optimizer", "learning_rate", "batch_size")
    return ", ".join(f"{name} {settings[name]}" for name in names)


def _what(event: Event) -> str:
    if isinstance(event, Changed):
        return ", ".join(f"{name} {value}" for name, value in event.settings.items())
    if isinstance(event, LayerFrozen):
        return f"W{event.layer + 1} {'frozen' if event.frozen else 'let go'}"
    return f"W{event.layer + 1}[{event.row}, {event.column}] set to {event.value:g}"
