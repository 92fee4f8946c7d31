"""Runs beside each other: their losses, and their table."""

from __future__ import annotations

from html import escape
from typing import Any

import pandas as pd
import panel as pn
import panel_material_ui as pmui
import param

from ...runs.run import TrainingRun
from ...settings import SettingError
from ..plots.colors import run_color
from ..plots.html import html
from ..plots.line_plot import Curves
from ..plots.loss_curves import LossLines, Wanted, changed_settings, points_each, width_each
from ..state.session import Session, draw_with
from .unreadable_runs import UnreadableRuns

LEGEND = "solid training · dashed validation · dotted floor"
ROW_STYLE = """
:host .tabulator { font-size: 12px; }
:host .tabulator-row .tabulator-cell + .tabulator-cell { padding: 6px 8px; }
:host .tabulator-col .tabulator-col-content { padding: 6px 8px !important; }
:host .tabulator-col .tabulator-col-title { padding-right: 20px !important; }
:host .tabulator-cell, :host .tabulator-col { border-color: #88888840 !important; }
:host .tabulator-row.tabulator-selected { background: #4c6ef51f !important; }
:host .tabulator-row, :host .tabulator-row .tabulator-cell { color: inherit !important; }
"""
"""Ticked rows are tinted: in the themes' own colours all runs would be one dark block."""
NOTHING_YET = "Nothing has been trained yet: <b>Run Batch</b> or <b>Play</b>."


class Comparison(param.Parameterized):
    """Which runs are compared, and the colour of each."""

    session = param.ClassSelector(class_=Session, constant=True)
    hidden = param.List([], item_type=str, doc="The ids of the runs that are not compared.")

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self._numbers: dict[str, int] = {}

    def runs(self) -> list[TrainingRun]:
        """Return the runs that are compared, and always the one that is shown; load them all."""
        manager, listed = self.session.manager, self.listed()
        return [run for run in listed if manager.can_read(run)]

    def listed(self) -> list[TrainingRun]:
        """Return the runs to be compared; load none."""
        shown = self.session.run
        hidden = set(self.hidden)
        return [run for run in self.session.manager.runs if run is shown or run.id not in hidden]

    def branches(self) -> dict[TrainingRun, int]:
        """Return the runs that are compared, each with the step at which it left its parent.

        It is 0 where that is not compared.
        """
        runs = self.runs()
        compared = {run.id for run in runs}
        return {
            run: run.parent[1] if run.parent and run.parent[0] in compared else 0 for run in runs
        }

    def color(self, run: TrainingRun) -> str:
        """Return a run's colour, which it keeps."""
        return run_color(self._numbers.setdefault(run.id, len(self._numbers)))


class LossTab(pn.viewable.Viewer):
    """Loss curves of the compared runs."""

    comparison = param.ClassSelector(class_=Comparison, constant=True)
    smoothing = param.Number(0.1, bounds=(0, 1), doc="How much the training loss is smoothed.")
    log_axis = param.Boolean(True, doc="Whether the loss is shown on a logarithmic axis.")
    visible = param.Boolean(False, doc="Whether anyone sees it.")

    def __init__(self, comparison: Comparison) -> None:
        super().__init__(comparison=comparison)
        self._lines = LossLines()
        self._curves = Curves(
            "loss", self.log_axis, on_tap=comparison.session.travel, on_zoom=self._draw
        )
        self._legend = html(LEGEND, "bp-legend", align="center")
        self._layout = pn.Column(
            pn.Row(
                pmui.FloatSlider.from_param(
                    self.param.smoothing,
                    label="Smoothing",
                    description="",
                    step=0.01,
                    width=220,
                    size="small",
                ),
                pmui.Switch.from_param(
                    self.param.log_axis, label="Log axis", description="", align="center"
                ),
                self._legend,
                sizing_mode="stretch_width",
            ),
            pn.Column(
                self._curves.pane,
                sizing_mode="stretch_width",
                margin=0,
                styles={"height": "max(300px, calc(100vh - 300px))"},
            ),
            sizing_mode="stretch_width",
            margin=0,
        )
        self.param.watch(self._draw, ["smoothing", "visible"])
        self.param.watch(lambda event: self._curves.use_log_axis(event.new), "log_axis")
        comparison.param.watch(self._draw, "hidden")
        draw_with(comparison.session, self._draw)

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _draw(self, *events: param.parameterized.Event) -> None:
        if not self.visible:
            return
        comparison = self.comparison
        window, branches = self._curves.window, comparison.branches()
        points, width = points_each(len(branches)), width_each(len(branches))
        wanted = {
            run: (
                comparison.color(run),
                Wanted(self.smoothing, True, window, begin, points, width),
            )
            for run, begin in branches.items()
        }
        lines = self._lines.of_all(wanted)
        session = comparison.session
        with pn.io.hold():
            self._legend.object = (
                self._legend_text() if any(len(line.x) for line in lines) else NOTHING_YET
            )
            self._curves.show(
                lines,
                now=session.engine.step if session.past else None,
                events=changed_settings(session.run, self.smoothing),
            )

    def _legend_text(self) -> str:
        names = (
            f'<span style="color: {self.comparison.color(run)}">●</span> {escape(run.name)}'
            for run in self.comparison.runs()
        )
        return f"{LEGEND}<br>{' &nbsp; '.join(names)}"


LAST_LOSS, BEST_LOSS = "last loss", "best loss"
LOSSES = (LAST_LOSS, BEST_LOSS)


class RunsTab(pn.viewable.Viewer):
    """A table of all runs: choose which are compared, rename in place, click to switch."""

    comparison = param.ClassSelector(class_=Comparison, constant=True)
    visible = param.Boolean(False, doc="Whether anyone sees it.")

    def __init__(self, comparison: Comparison) -> None:
        super().__init__(comparison=comparison)
        self._drawing = False
        self._rows: list[TrainingRun] = []
        self._table = pn.widgets.Tabulator(
            pd.DataFrame(columns=["name"]),
            selectable="checkbox",
            show_index=False,
            editors={},
            layout="fit_data_table",
            sizing_mode="stretch_width",
            theme="midnight" if comparison.session.dark else "simple",
            margin=(8, 0),
            formatters={"color": {"type": "color"}},
            titles={"color": ""},
            widths={"color": 24},
            sortable={"color": False},
            text_align=dict.fromkeys(LOSSES, "right"),
            stylesheets=[ROW_STYLE],
        )
        self._table.on_edit(self._rename)
        self._table.param.watch(self._compare, "selection")
        self._message = html("", "bp-mistake", visible=False)
        session = comparison.session
        self._layout = pn.Column(
            html(
                "Ticked runs are compared in the Loss tab and the timeline. "
                "A name can be changed in place.",
                "bp-legend",
            ),
            UnreadableRuns(session),
            self._message,
            self._table,
            sizing_mode="stretch_width",
            margin=0,
        )
        session.manager.param.watch(self._draw_if_seen, ["runs", "current"])
        session.param.watch(self._draw_if_seen, ["training", "record"])
        self.param.watch(self._draw_if_seen, "visible")
        session.param.watch(self._follow_theme, "dark")
        self._draw()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _draw_if_seen(self, *events: param.parameterized.Event) -> None:
        # The browser cannot give other columns to a table that it builds anew while it is not seen.
        training = self.comparison.session.training
        a_frame = training and all(event.name == "record" for event in events)
        if self.visible and not a_frame:
            self._draw()

    def _draw(self) -> None:
        runs = self._rows = [
            run for run in self.comparison.session.manager.runs if _has_summary(run)
        ]
        compared = set(self.comparison.listed())
        settings = [settings_in_words(run) for run in runs]
        table = runs_table(runs, settings)
        names = {run.id: run.name for run in runs}
        table.insert(
            len(table.columns),
            "forked from",
            [
                f"{names.get(run.parent[0], 'a run that is gone')}, step {run.parent[1]:,}"
                if run.parent
                else ""
                for run in runs
            ],
        )
        table.insert(0, "color", [self.comparison.color(run) for run in runs])
        self._drawing = True
        if not table.equals(self._table.value):
            self._table.editors = {
                column: {"type": "input"} if column == "name" else None for column in table
            }
            # Emptied first, since the table looks up the old selection in the old rows.
            self._table.selection = []
            self._table.value = table
        self._table.hidden_columns = settings_alike(settings)
        self._table.selection = [place for place, run in enumerate(runs) if run in compared]
        self._drawing = False

    def _compare(self, event: param.parameterized.Event) -> None:
        if self._drawing:
            return
        ticked = set(event.new)
        self.comparison.hidden = [
            run.id for place, run in enumerate(self._rows) if place not in ticked
        ]

    def _rename(self, event: Any) -> None:
        session = self.comparison.session
        run = self._rows[event.row]
        taken = session.attempt("rename", lambda: session.manager.rename(run.id, str(event.value)))
        self._message.param.update(
            object="" if taken else session.mistakes.get("rename", ""), visible=not taken
        )
        if not taken:
            self._draw()

    def _follow_theme(self, event: param.parameterized.Event) -> None:
        self._table.theme = "midnight" if event.new else "simple"


def _has_summary(run: TrainingRun) -> bool:
    """Tell whether a run has a summary: one of an older store is loaded for it."""
    try:
        return run.summary is not None
    except SettingError:
        return False


def settings_in_words(run: TrainingRun) -> dict[str, str]:
    """Return the settings as columns of a table, whole."""
    return {name.replace("_", " "): str(value) for name, value in run.settings.items()}


def runs_table(runs: list[TrainingRun], settings: list[dict[str, str]]) -> pd.DataFrame:
    """Return a row for each run: its settings in words, and its losses.

    Its columns are always the same, and of one type: the browser would build the table anew for
    others, and may lose the ticks of one that it builds while it is busy.
    """
    rows = []
    for run, texts in zip(runs, settings, strict=True):
        summary = run.summary
        rows.append(
            {
                "name": run.name,
                **{name: text[:40] for name, text in texts.items()},
                "step": summary.step,
                "epoch": summary.epoch,
                LAST_LOSS: _short(summary.last_loss) if summary.step else "",
                BEST_LOSS: _short(summary.best_loss) if summary.step else "",
            }
        )
    return pd.DataFrame(rows).astype(dict.fromkeys(LOSSES, object))


def settings_alike(settings: list[dict[str, str]]) -> list[str]:
    """Return the columns of the settings that are the same in all runs."""
    return [
        name
        for name in settings[0]
        if name == "mode" or len({texts[name] for texts in settings}) == 1
    ]


def _short(loss: float) -> float:
    return float(f"{loss:.4g}")
