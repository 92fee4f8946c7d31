"""Parallel coordinates of a sweep: a line a run through its settings to its loss, to be brushed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import panel as pn
import param
from numpy.typing import NDArray

from ...sweeps.results import axis_positions, loss_ranks, ranked, scaled, values_of
from ...sweeps.trial import Trial
from ..plots.colors import LOSS_LEGEND, theme_of
from ..plots.html import html
from ..plots.numbers import number
from ..plots.sweep_plots import parallel_coordinates, place_of_plot, show_plot
from ..state.sweep_choice import SweepChoice
from ..widgets.buttons import button
from .sweep_results import SweepResults
from .sweep_values import label_of, written

HINT = (
    "A line is a run; click it to open the run. Draw a box over an axis to brush: the table then "
    f"has the runs that pass through it. Colour: the rank of the loss, {LOSS_LEGEND}."
)
LOSS = "loss"
MOST_TICKS = 8


class SweepParallel(SweepResults):
    """A line for each run, from setting to setting and on to its loss."""

    def __init__(self, choice: SweepChoice, open_run: Callable[[int], Any]) -> None:
        super().__init__(choice, open_run)
        self._trials: list[Trial] = []
        self._names: list[str] = []
        self._places = np.empty((0, 0))
        self._plot = place_of_plot(260)
        self._clear = button("Clear the brush", self._forget, visible=False)
        self._layout = pn.Column(
            html("Parallel coordinates", "bp-head", margin=(10, 0, 0, 0)),
            pn.FlexBox(html(HINT, "bp-legend", sizing_mode=None), self._clear, margin=0),
            self._plot,
            sizing_mode="stretch_width",
            margin=0,
        )
        choice.param.watch(lambda event: self.draw(), "brushes")
        choice.work.session.param.watch(self._recolor, "dark")

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def draw(self) -> None:
        """Draw what has come."""
        choice = self.choice
        self._clear.visible = bool(choice.brushes)
        self._trials = [
            trial
            for trial in ranked(choice.work.trials(), choice.measure)
            if np.isfinite(choice.measure.of(trial))
        ]
        if len(self._trials) < 2:
            self._plot.clear()
            return
        self._names = choice.work.sweep.plan.varied
        losses = np.array([choice.measure.of(trial) for trial in self._trials])
        columns = [axis_positions(self._trials, name) for name in self._names]
        self._places = np.column_stack([*columns, scaled(losses)])
        shades, axes = loss_ranks(self._trials, choice.measure), self._axes(losses)
        lines = parallel_coordinates(
            self._places,
            shades,
            ~self._brushed(),
            axes,
            self._pick,
            self._brush,
            theme_of(choice.work.session.dark),
        )
        show_plot(self._plot, lines)

    def _recolor(self, event: param.parameterized.Event) -> None:
        if len(self._plot):
            self.draw()

    def brushed(self) -> list[Trial]:
        """Return the runs that pass through all brushes, best first."""
        there = zip(self._trials, self._brushed(), strict=True)
        return [trial for trial, is_brushed in there if is_brushed]

    def _brushed(self) -> NDArray[np.bool_]:
        there = np.ones(len(self._trials), bool)
        for name, (low, high) in self.choice.brushes.items():
            if name in [*self._names, LOSS]:
                column = self._places[:, [*self._names, LOSS].index(name)]
                there &= (column >= low) & (column <= high)
        return there

    def _axes(self, losses: NDArray[np.float64]) -> list[tuple[str, list[tuple[float, str]]]]:
        axes = []
        for at, name in enumerate(self._names):
            values = values_of(self._trials, name)
            texts = [written(trial.settings[name]) for trial in self._trials]
            where = dict(zip(texts, self._places[:, at].tolist(), strict=True))
            kept = values[:: -(-len(values) // MOST_TICKS)]
            axes.append((label_of(name), [(where[written(v)], written(v)) for v in kept]))
        ends = [(0.0, number(losses.min())), (1.0, number(losses.max()))]
        return [*axes, (LOSS, ends)]

    def _brush(self, left: float, right: float, bottom: float, top: float) -> None:
        names = [*self._names, LOSS]
        within = [name for at, name in enumerate(names) if left <= at <= right]
        brushes = dict.fromkeys(within, (bottom, top))
        self.choice.brushes = {**self.choice.brushes, **brushes}

    def _forget(self) -> None:
        self.choice.brushes = {}

    def _pick(self, x: float, y: float) -> None:
        """Open the run whose line passes nearest to a place, between two axes or on one."""
        if not len(self._places):
            return
        at = min(max(x, 0.0), self._places.shape[1] - 1.0)
        left = min(int(at), self._places.shape[1] - 2)
        share = at - left
        heights = self._places[:, left] * (1 - share) + self._places[:, left + 1] * share
        self._open(self._trials[int(np.abs(heights - y).argmin())].number)
