"""Losses of runs as lines: smoothed, and downsampled to what a screen can show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...runs.run import TrainingRun
from ...training.event_log import loss_stretches
from ...training.events import Trained
from ...training.history import History
from .downsampling import thinned
from .event_words import about_run, what_changed
from .line_plot import Marker
from .line_source import Line
from .numbers import number
from .plot_edges import stretches_of
from .smoothing import Window, averaged, in_view, mean_at, span_of, stretch_means

MOST_POINTS = 1000
"""Points sent of a curve: about one a pixel of a wide screen."""

POINTS_TOGETHER = 10_000
"""Points sent of all runs' curves together. A browser takes a second for ten times as many."""

FEWEST_POINTS = 200
"""At least this many points of a curve may be sent, however many curves there are."""

MOST_THICK = 8
"""Up to this many runs, curves are wider than a pixel."""

SANE = 4
"""Losses beyond this many times that of the beginning are drawn at the edge of the plot."""

OTHER_LOSS = 10
"""Runs with another loss function may begin with up to this many times the usual loss."""

MOST_SEGMENTS = 20
"""Parts of a curve between losses that are not finite; with more of them, gaps are not drawn."""

FLOOR_POINTS = 50
"""Points of a floor, so that its hover tells a step near the pointer."""

TAG_WIDTH, TAG_HEIGHT = 0.2, 1.2
"""About the size of a tag: as a share of the steps, and as a ratio of losses."""

MOST_NAMED = 3
"""Changes at one step that are named; the others are counted."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Options of a run's curves.

    Parameters
    ----------
    smoothing : float
        From 0 to 1.
    validation : bool
        Whether the validation loss and the floor are drawn as well.
    window : (float, float) or None
        The visible steps; None for all.
    begin : int
        The first step drawn. Before it, the curve is that of the parent run.
    end : int or None
        The last step drawn; None for that of the run.
    points : int
        The largest number of points of a curve.
    width : float
        In pixels.
    dash : str
        Of the training loss.
    """

    smoothing: float = 0.0
    validation: bool = True
    window: Window = None
    begin: int = 0
    end: int | None = None
    points: int = MOST_POINTS
    width: float = 1.5
    dash: str = "solid"

    @property
    def dashed_points(self) -> int:
        """The largest number of points of a dashed curve, which takes longest to draw."""
        return min(FEWEST_POINTS, self.points // 2)


def sane_limit(runs: Sequence[TrainingRun], log_y: bool) -> float | None:
    """Return the largest loss to draw, so that a run that diverges flattens no other.

    It is a few times the loss with which the runs begin; None for a run alone on a logarithmic
    axis, where it flattens nothing, and for runs without a loss.
    """
    first = sorted(float(run.history["loss"][0]) for run in runs if run.history.rows)
    first = [loss for loss in first if 0 < loss < np.inf]
    if not first or (log_y and len(runs) == 1):
        return None
    usual = first[(len(first) - 1) // 2]
    return SANE * max(loss for loss in first if loss <= OTHER_LOSS * usual)


def points_each(runs: int) -> int:
    """Return the largest number of points of a curve among those of `runs` runs."""
    return max(FEWEST_POINTS, min(MOST_POINTS, POINTS_TOGETHER // max(runs, 1)))


def width_each(runs: int) -> float:
    """Return the width of a curve among those of `runs` runs.

    A browser draws lines of one pixel six times as fast as wider ones.
    """
    return Wanted.width if runs <= MOST_THICK else 1


class _RunLosses:
    """What takes longest to compute of a long run's lines, since it reads all losses."""

    def __init__(self, history: History, span: int) -> None:
        self.losses, self._validation = history["loss"], history["validation_loss"]
        self.span = span

    @cached_property
    def means(self) -> NDArray:
        """The mean of each full stretch of `span` losses."""
        return stretch_means(self.losses, self.span)

    def not_finite(self, first: int, last: int) -> tuple[tuple[int, int], ...]:
        """Return the first and the last step of each stretch without a finite loss."""
        flags = ~np.isfinite(self.losses[first - 1 : last])
        return tuple((first + start, first + end - 1) for start, end in stretches_of(flags))

    @cached_property
    def validations(self) -> tuple[NDArray, NDArray]:
        """The steps with a validation loss, and these losses."""
        rows = np.flatnonzero(np.isfinite(self._validation))
        return rows + 1, self._validation[rows]


class LossLines:
    """The lines of runs, cached until a run is trained or other options are asked for."""

    def __init__(self) -> None:
        self._lines: dict[str, tuple[object, list[Line]]] = {}
        self._losses: dict[str, _RunLosses] = {}

    def of_all(self, wanted: Mapping[TrainingRun, tuple[str, Wanted]]) -> list[Line]:
        """Return the lines of runs, each in its colour and with its options; drop all others."""
        ids = {run.id for run in wanted}
        for cache in (self._lines, self._losses):
            for dropped in cache.keys() - ids:
                del cache[dropped]
        lines = [line for run, (color, how) in wanted.items() for line in self.of(run, color, how)]
        return _tagged_once(lines)

    def of(self, run: TrainingRun, color: str, wanted: Wanted) -> list[Line]:
        """Return a run's training loss and, if asked for, its validation loss and its floor."""
        trainer = run.trainer
        state = (run.history.rows, run.name, color, trainer.loss_type, trainer.fault, wanted)
        cached = self._lines.get(run.id)
        if cached is None or cached[0] != state:
            cached = self._lines[run.id] = (state, list(self._draw(run, color, wanted)))
        return cached[1]

    def _losses_of(self, run: TrainingRun, span: int) -> _RunLosses:
        """Return a run's losses; those cached serve for any window until the run is trained."""
        cached = self._losses.get(run.id)
        if cached is None or (len(cached.losses), cached.span) != (run.history.rows, span):
            cached = self._losses[run.id] = _RunLosses(run.history, span)
        return cached

    def _draw(self, run: TrainingRun, color: str, wanted: Wanted) -> Iterator[Line]:
        about, width = about_run(run), wanted.width
        run_losses = self._losses_of(run, span_of(wanted.smoothing))
        drawn, view = run_losses.losses[: wanted.end], (wanted.window, wanted.begin)
        first, last = in_view(len(drawn), *view)
        steps, losses = averaged(drawn, run_losses.span, *view, run_losses.means)
        yield from _segments(
            Line(steps, losses, color, run.name, about, wanted.dash, width),
            wanted.points,
            run_losses.not_finite(first, last),
        )
        if not wanted.validation:
            return
        steps, losses = run_losses.validations
        visible = slice(*np.searchsorted(steps, (first, last + 1)))
        yield Line(
            *thinned(steps[visible], losses[visible], wanted.dashed_points),
            color,
            f"{run.name}, validation",
            about,
            dash="dashed",
            width=width,
        )
        if len(drawn):
            yield from _floors(run, color, wanted.begin, len(drawn))


def _tagged_once(lines: list[Line]) -> list[Line]:
    """Return lines of which no two have the same tag, or tags that would cover one another.

    The one that ends last keeps it.
    """
    kept: list[Line] = []
    for line in sorted(lines, key=_end, reverse=True):
        if line.tag and not any(_covers(other, line, _end(kept[0])) for other in kept):
            kept.append(line)
    tagged = set(map(id, kept))
    return [line if id(line) in tagged else replace(line, tag="") for line in lines]


def _covers(other: Line, line: Line, last: float) -> bool:
    """Return whether the tag of a line would be written over that of another one."""
    low, high = sorted((float(line.y[-1]), float(other.y[-1])))
    is_beside = abs(_end(line) - _end(other)) < TAG_WIDTH * last and high < low * TAG_HEIGHT
    return line.tag == other.tag or is_beside


def _end(line: Line) -> float:
    return float(line.x[-1]) if len(line.x) else -np.inf


def _segments(line: Line, points: int, not_finite: tuple[tuple[int, int], ...]) -> Iterator[Line]:
    """Yield the finite parts of a line, each thinned; the first has the marks of all gaps."""
    finite = np.isfinite(line.y)
    parts = stretches_of(finite)
    if len(parts) > MOST_SEGMENTS:  # the gaps are narrower than pixels
        x, y = line.x[finite], line.y[finite]
        parts = [(0, len(x))]
        line = replace(line, x=x, y=y)
    most = max(points // max(len(parts), 1), 2)
    for first, end in parts or [(0, 0)]:
        x, y = thinned(line.x[first:end], line.y[first:end], most)
        yield replace(line, x=x, y=y, not_finite=not_finite)
        not_finite = ()


def _floors(run: TrainingRun, color: str, begin: int, end: int) -> Iterator[Line]:
    """Yield the smallest loss that the data allows, if above zero, over the steps of each loss."""
    events = list(run.trainer.engine.events)
    for first, last, loss_type in loss_stretches(events, run.config, run.history.rows):
        floor = run.dataset.optimal_loss(loss_type)
        if floor > 0 and max(first, begin) < min(last, end):
            yield Line(
                np.linspace(max(first, begin), min(last, end), FLOOR_POINTS),
                np.full(FLOOR_POINTS, floor),
                color,
                f"{run.name}, floor",
                why_no_lower(run, floor),
                dash="dotted",
                width=1,
                tag=f"floor {number(floor)}",
            )


def why_no_lower(run: TrainingRun, floor: float) -> str:
    """Say why no network has a lower mean loss on the training samples than the floor."""
    data = run.dataset
    verb = "follow" if data.task_type == "next_token" else "have"
    what = "tokens" if data.task_type == "next_token" else "classes"
    share = number(100 * data.ambiguous_share, digits=2)
    return (
        f"No network does better than {number(floor)} on the training samples: in {share}% of them "
        f"different {what} {verb} the same window."
    )


def changed_settings(run: TrainingRun, smoothing: float) -> list[Marker]:
    """Return a marker on the run's curve for each step at which something was changed."""
    changes: dict[int, list[str]] = {}
    for event in list(run.trainer.engine.events):
        if not isinstance(event, Trained) and 0 < event.step <= run.history.rows:
            changes.setdefault(event.step, []).append(what_changed(event, run))
    if not changes:
        return []
    losses, span = run.history["loss"], span_of(smoothing)
    return [
        Marker(step, mean_at(losses, step, span), _named(words)) for step, words in changes.items()
    ]


def changes_after(run: TrainingRun, step: int) -> str:
    """Return the changes made right after a step, as text; empty if there are none."""
    return _named(
        [
            what_changed(event, run)
            for event in list(run.trainer.engine.events)
            if not isinstance(event, Trained) and event.step == step
        ]
    )


def _named(changes: list[str]) -> str:
    """Return some changes in words, the first few by name."""
    more = [f"{len(changes) - MOST_NAMED} more"] if len(changes) > MOST_NAMED else []
    return ", ".join([*changes[:MOST_NAMED], *more])
