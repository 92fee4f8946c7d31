"""The curves of all runs of a sweep, or the mean and band of each configuration."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import numpy as np
import panel as pn

from ...storage.database import StoreError
from ...sweeps.results import Band, by_settings, ranked
from ...sweeps.trial import Trial
from ..plots.banded_curves import BandedCurves, ShadedBand
from ..plots.colors import run_color
from ..plots.html import html, legend_of_lines
from ..plots.line_source import Line
from ..plots.plot_style import IN_LONG_PAGE
from ..state.sweep_choice import SweepChoice
from .sweep_results import SweepResults
from .sweep_values import label_of, written

MOST_LINES = 300
"""Lines that are drawn: the best ones; more could not be told apart."""

MOST_NAMED = 12
"""Lines that the legend names; of more, the pointer tells the name."""


class SweepCurves(SweepResults):
    """Loss curves, live."""

    def __init__(self, choice: SweepChoice, open_run: Callable[[int], Any]) -> None:
        super().__init__(choice, open_run)
        self._shown: list[Trial] = []
        self._unreadable: list[str] = []
        self._plot = BandedCurves(
            "sweep curves", self._pick, log_y=choice.log_loss, log_x=choice.log_steps,
            look=IN_LONG_PAGE, about="training loss of the runs of the sweep, over the steps",
        )  # fmt: skip
        self._note = html("", "bp-legend")
        self._layout = pn.Column(
            self._note,
            self._plot.with_table(height=320, sizing_mode="stretch_width"),
            sizing_mode="stretch_width",
            margin=0,
        )

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def draw(self) -> None:
        """Draw what has come."""
        choice = self.choice
        self._plot.use_axes(choice.log_steps, choice.log_loss)
        trials = self._readable(self._most([trial for trial in choice.best() if trial.step]))
        lines, bands, self._shown = self._grouped(trials) if choice.means else self._each(trials)
        self._plot.show_with_bands(lines, bands)
        what = "configurations" if choice.means else "runs"
        spread = "; bands: from the lowest to the highest seed" if bands else ""
        named = [(line.color, line.label) for line in lines]
        legend = f"<br>{legend_of_lines(named)}" if len(lines) <= MOST_NAMED else ""
        note = (
            f"training loss of {len(lines):,} {what}: click a curve to open its run{spread}{legend}"
            if lines
            else "the curves come with the first reports"
        )
        self._note.object = "<br>".join([note, *map(escape, self._unreadable)])

    def _readable(self, trials: list[Trial]) -> list[Trial]:
        """Return the runs that have a curve; note why that of others cannot be read."""
        self._unreadable, readable = [], []
        for trial in trials:
            try:
                if trial.curve is not None:
                    readable.append(trial)
            except StoreError as error:
                self._unreadable.append(f"{trial.name}: {error}")
        return readable

    def _each(self, trials: list[Trial]) -> tuple[list[Line], list[ShadedBand], list[Trial]]:
        lines = [
            Line(curve.steps, curve.losses, run_color(trial.number), self._name(trial), width=1.2)
            for trial, curve in ((trial, trial.curve) for trial in trials)
        ]
        return lines, [], trials

    def _grouped(self, trials: list[Trial]) -> tuple[list[Line], list[ShadedBand], list[Trial]]:
        lines, bands, first = [], [], []
        for group in by_settings(trials):
            band = Band.of([trial.curve for trial in group])
            if not len(band.steps):
                continue
            combination, _ = self.choice.work.sweep.plan.place(group[0].number)
            color = run_color(combination)
            about = f"mean of {len(group)} seeds" if len(group) > 1 else ""
            lines.append(
                Line(band.steps, band.mean, color, settings_text(group[0], self._varied()), about)
            )
            if len(group) > 1:
                bands.append(ShadedBand(band.steps, band.low, band.high, color))
            first.append(min(group, key=lambda trial: np.nan_to_num(trial.score.loss, nan=np.inf)))
        return lines, bands, first

    def _most(self, trials: list[Trial]) -> list[Trial]:
        if len(trials) <= MOST_LINES:
            return trials
        return ranked(trials, self.choice.measure)[:MOST_LINES]

    def _varied(self) -> list[str]:
        return [name for name in self.choice.work.sweep.plan.varied if name != "seed"]

    def _name(self, trial: Trial) -> str:
        seed = [f"seed {trial.settings['seed']}"]
        return ", ".join([settings_text(trial, self._varied()), *seed])

    def _pick(self, line: int) -> None:
        if line < len(self._shown):
            self._open(self._shown[line].number)


def settings_text(trial: Trial, names: list[str]) -> str:
    """Return settings of a run in words, such as "Learning rate 0.01, Optimizer adam"."""
    texts = [f"{label_of(name)} {written(trial.settings[name])}" for name in names]
    return ", ".join(texts) or f"run {trial.number + 1}"
