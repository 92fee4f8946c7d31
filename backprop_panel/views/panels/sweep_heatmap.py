"""The loss of a sweep over two of its settings, and the importance of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import panel as pn
import panel_material_ui as pmui

from ...sweeps.results import Importance, importances, losses_over, ranked
from ...sweeps.trial import Trial
from ..plots.colors import LOSS_LEGEND
from ..plots.html import html
from ..plots.loss_shades import needs_log_scale
from ..plots.sweep_plots import importance_scatter, loss_heatmap, place_of_plot, show_plot
from ..state.sweep_choice import SweepChoice
from .sweep_results import SweepResults
from .sweep_values import label_of, written

ONE_SETTING = "Two settings that vary are needed for a heatmap."
IMPORTANCE = (
    "The share of the losses' order that a setting explains by itself, from 0 to 1. "
    "A dot is a run: its value from left to right, its rank from best to worst. "
    f"Colour: the rank of the loss, {LOSS_LEGEND}."
)
COLORS = "Mean loss of the runs in a cell{scale}, {legend}. Click a cell to open its best run."


class SweepHeatmap(SweepResults):
    """A heatmap over two chosen settings beside the ranks over each setting.

    A cell that is clicked opens the best of its runs, and a dot its own.
    """

    def __init__(self, choice: SweepChoice, open_run: Callable[[int], Any]) -> None:
        super().__init__(choice, open_run)
        field = {"size": "small", "width": 170, "margin": (12, 6, 4, 0)}
        self._across, self._up = (
            pmui.Select(label=label, options={}, **field) for label in ("Across", "Up")
        )
        self._cells: tuple[list[Any], list[Any]] = ([], [])
        self._found: list[Importance] = []
        self._heat, self._ranks = place_of_plot(270), place_of_plot(270)
        self._note = html(ONE_SETTING, "bp-note")
        self._colors = html("", "bp-legend", visible=False)
        self._layout = pn.Column(
            html("Loss over two settings", "bp-head", margin=(10, 0, 0, 0)),
            pn.Row(self._across, self._up, margin=0),
            self._note,
            self._colors,
            self._heat,
            html("Importance", "bp-head", margin=(10, 0, 0, 0)),
            html(IMPORTANCE, "bp-legend"),
            self._ranks,
            sizing_mode="stretch_width",
            margin=0,
        )
        for field in (self._across, self._up):
            field.param.watch(lambda event: self.draw(), "value")

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def offer(self, names: list[str]) -> None:
        """Offer the settings that vary, and choose the first two."""
        options = {label_of(name): name for name in names}
        if list(self._across.options or {}) == list(options):
            return
        first, second = (names + names[:1])[:2] if names else ("", "")
        with pn.io.hold():
            self._across.param.update(options=options, value=first or None)
            self._up.param.update(options=options, value=second or None)

    def draw(self) -> None:
        """Draw what has come."""
        trials = [trial for trial in self.choice.work.trials() if trial.step]
        across, up = self._across.value, self._up.value
        two = bool(across and up and across != up)
        self._note.visible, self._colors.visible = not two, two and bool(trials)
        if two and trials:
            self._draw_heat(trials, across, up)
        names = self._across.options.values()
        self._found = importances(trials, names, self.choice.measure)
        if self._found:
            rows = [(label_of(i.name), i.share, i.value_ranks, i.loss_ranks) for i in self._found]
            show_plot(self._ranks, importance_scatter(rows, self._pick_rank))

    def _draw_heat(self, trials: list[Trial], across: str, up: str) -> None:
        columns, rows, losses = losses_over(trials, across, up, self.choice.measure)
        self._cells = columns, rows
        texts = [[written(value) for value in values] for values in (columns, rows)]
        names = label_of(across), label_of(up)
        scale = " (log scale)" if needs_log_scale(losses[np.isfinite(losses)]) else ""
        self._colors.object = COLORS.format(scale=scale, legend=LOSS_LEGEND)
        show_plot(self._heat, loss_heatmap(*texts, losses, names, self._pick_cell))

    def _pick_cell(self, x: Any, y: Any) -> None:
        """Open the best run of the cell: on a categorical axis a place is a name or a number."""
        place = [_index(values, at) for values, at in zip(self._cells, (x, y), strict=True)]
        if None in place:
            return
        values = {
            self._across.value: self._cells[0][place[0]],
            self._up.value: self._cells[1][place[1]],
        }
        there = [
            trial
            for trial in ranked(self.choice.work.trials(), self.choice.measure)
            if all(trial.settings[name] == value for name, value in values.items())
        ]
        if there:
            self._open(there[0].number)

    def _pick_rank(self, x: float, y: float) -> None:
        if 0 <= x < len(self._found):
            each = self._found[int(x)]
            places = 0.1 + 0.8 * each.value_ranks
            distances = (places - (x - int(x))) ** 2 + (each.loss_ranks - y) ** 2
            self._open(each.trials[int(distances.argmin())].number)


def _index(values: list[Any], at: Any) -> int | None:
    """Return which value is at a place of a categorical axis: its number begins at 0.5."""
    if isinstance(at, str):
        texts = [written(value) for value in values]
        return texts.index(at) if at in texts else None
    return int(at) if 0 <= at < len(values) else None
