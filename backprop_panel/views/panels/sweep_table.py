"""The table of a sweep's runs: only what differs, how each did, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, isfinite
from typing import Any

import pandas as pd
import panel as pn
import param
from bokeh.models.widgets.tables import HTMLTemplateFormatter

from ...sweeps.trial import Trial
from ..plots.html import html
from ..plots.numbers import NO_NUMBER, exact, number_cell
from ..state.sweep_choice import SweepChoice
from ..state.sweep_findings import SweepFindings
from ..widgets.table_style import table_styles
from .sweep_results import SweepResults
from .sweep_values import label_of, written

HINT = "Click a row to open its run on the page."
LOSSES = ("loss", "lowest loss", "validation loss", "lowest validation loss")
ABSENT = "It was not measured, or is not finite."


class SweepTable(SweepResults):
    """A row for each run that has begun, best first.

    Parameters
    ----------
    choice : SweepChoice
    findings : SweepFindings
    open_run : callable
        Called with the number of the run whose row is clicked.
    """

    def __init__(
        self, choice: SweepChoice, findings: SweepFindings, open_run: Callable[[int], Any]
    ) -> None:
        super().__init__(choice, open_run)
        self._findings = findings
        self._numbers: list[int] = []
        self._table = self._new_table(pd.DataFrame(columns=["run"]))
        choice.work.session.param.watch(self._follow_theme, "dark")
        self._layout = pn.Column(
            html("Runs", "bp-head", margin=(10, 0, 0, 0)),
            html(HINT, "bp-legend"),
            self._table,
            sizing_mode="stretch_width",
            margin=0,
        )

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def draw(self, trials: list[Trial]) -> None:
        """Show these runs, best first."""
        measure = self.choice.measure
        order = sorted(trials, key=lambda t: (_last(measure.of(t)), t.number))
        table = trials_table(order, self.choice.work.sweep.plan.varied, self._findings.texts)
        self._numbers = [trial.number for trial in order]
        if list(table) != list(self._table.value):
            self._layout[-1] = self._table = self._new_table(table)
        elif not table.equals(self._table.value):
            self._table.value = table

    def _new_table(self, rows: pd.DataFrame) -> pn.widgets.Tabulator:
        """Return a table of these rows: a browser that still builds a table takes no columns."""
        table = pn.widgets.Tabulator(
            rows,
            disabled=True,
            show_index=False,
            layout="fit_data_table",
            pagination="local",
            page_size=25,
            sizing_mode="stretch_width",
            margin=(4, 0),
            formatters={
                name: HTMLTemplateFormatter(template=number_cell(ABSENT)) for name in LOSSES
            },
            text_align=dict.fromkeys(LOSSES, "right"),
            stylesheets=table_styles(self.choice.work.session.dark),
        )
        table.on_click(lambda event: self._pick(event.row))
        return table

    def _pick(self, row: int) -> None:
        if row < len(self._numbers):
            self._open(self._numbers[row])

    def _follow_theme(self, event: param.parameterized.Event) -> None:
        self._table.stylesheets = table_styles(event.new)


def trials_table(trials: list[Trial], varied: list[str], findings: dict[int, str]) -> pd.DataFrame:
    """Return a row for each run: the settings that differ, its state, losses, and what is wrong."""
    rows = [
        {
            "run": f"#{trial.number + 1}",
            **{label_of(name): written(trial.settings[name]) for name in varied},
            "state": trial.status,
            "step": trial.step,
            **{name: _loss(getattr(trial.score, name.replace(" ", "_"))) for name in LOSSES},
            "what is wrong": trial.reason or findings.get(trial.number, ""),
        }
        for trial in trials
    ]
    return pd.DataFrame(rows).astype(dict.fromkeys(LOSSES, object)) if rows else pd.DataFrame()


def _loss(loss: float) -> Any:
    return float(exact(loss)) if isfinite(loss) else NO_NUMBER


def _last(loss: float) -> float:
    return inf if loss != loss else loss
