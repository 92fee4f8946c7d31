"""The Runs tab: a table of all runs."""

from __future__ import annotations

from time import monotonic
from typing import Any

import pandas as pd
import panel as pn
import param
from bokeh.models.widgets.tables import HTMLTemplateFormatter

from ...runs.run import TrainingRun
from ...settings import SettingError
from ...storage.run_summary import STEPS_AVERAGED
from ..plots.colors import run_color
from ..plots.html import html
from ..plots.numbers import number_cell
from ..state.comparison import MOST_BY_ITSELF, Comparison
from ..state.run_order import in_order
from ..widgets.setting_fields import LABELS
from ..widgets.table_style import table_styles
from .runs_table import (
    ABSENT,
    BEST_LOSS,
    BEST_OF,
    LAST_LOSS,
    runs_table,
    settings_alike,
    settings_in_words,
)
from .unreadable_warnings import UnreadableWarnings

HINT = (
    f"Ticked runs are compared in the Loss tab and the timeline: the newest {MOST_BY_ITSELF} at "
    "first. ● is the run on the page. A name can be changed in place. Type below a title to "
    "search, click it to sort."
)
SECONDS_A_ROW = 0.05
"""Seconds a row between two drawings of runs from elsewhere: the browser lays out all rows."""

SEARCHED = ("name", "forked from")
MORE_AT_THE_RIGHT = """
:host .tabulator { timeline-scope: --across; }
:host .tabulator-tableholder { scroll-timeline: --across inline; }
:host .tabulator::after {
  content: ""; position: absolute; inset: 0 0 0 auto; width: 28px; z-index: 20;
  pointer-events: none; opacity: 0; background: linear-gradient(to left, #4c6ef580, #4c6ef500);
  animation: bp-more linear; animation-timeline: --across;
}
@keyframes bp-more { from, 90% { opacity: 1 } to { opacity: 0 } }
"""
"""A shade at the right edge while columns are beyond it: the scroll bar is below the last row."""

ON_PAGE = "on page"

TITLE_TIPS = {
    LAST_LOSS: "Of one batch, that of the last step, before its update. A fork has its parent's.",
    BEST_LOSS: "The lowest validation loss; without any, the lowest mean of the batch losses of "
    f"{STEPS_AVERAGED} steps, which a single batch may be below. Since the loss function or the "
    "fault was last changed.",
    BEST_OF: "What the best loss is of.",
}


class RunsTab(pn.viewable.Viewer):
    """A table of all runs, in which they are renamed and ticked for comparison."""

    comparison = param.ClassSelector(class_=Comparison, constant=True)
    visible = param.Boolean(False, doc="Whether the tab is the active one.")

    def __init__(self, comparison: Comparison) -> None:
        super().__init__(comparison=comparison)
        session = comparison.session
        self._drawing = self._is_late = False
        self._due = 0.0
        self._rows: list[TrainingRun] = []
        self._table = _tabulator(session.dark)
        self._table.on_edit(self._rename)
        self._table.param.watch(self._compare, "selection")
        self._message = html("", "bp-mistake", visible=False)
        self._layout = pn.Column(
            html(HINT, "bp-legend"),
            UnreadableWarnings(session),
            self._message,
            self._table,
            sizing_mode="stretch_width",
            margin=0,
        )
        session.manager.param.watch(self._draw_if_visible, ["runs", "current"])
        session.param.watch(self._draw_if_visible, ["training", "record", "settings"])
        self.param.watch(self._draw_if_visible, "visible")
        session.param.watch(self._follow_theme, "dark")
        self._draw()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _draw_if_visible(self, *events: param.parameterized.Event) -> None:
        # Tabulator cannot change the columns of a table that is not visible.
        training = self.comparison.session.training
        each_record = training and all(event.name == "record" for event in events)
        if not self.visible or each_record:
            return
        wait = self._due - monotonic()
        if wait > 0 and pn.state.curdoc and all(event.name == "runs" for event in events):
            self._draw_later(wait)
        else:
            self._draw()

    def _draw_later(self, wait: float) -> None:
        """Draw the runs that come from elsewhere, such as a sweep's, at intervals."""
        if not self._is_late:
            self._is_late = True
            pn.state.curdoc.add_timeout_callback(self._draw_late, int(1000 * wait))

    def _draw_late(self) -> None:
        self._is_late = False
        self._draw_if_visible()

    def _draw(self) -> None:
        manager = self.comparison.session.manager
        runs = self._rows = [run for run in in_order(manager.runs) if _has_summary(run)]
        compared = set(self.comparison.listed())
        settings = [settings_in_words(run) for run in runs]
        table = runs_table(runs, settings)
        on_page = self.comparison.session.run
        table.insert(0, ON_PAGE, ["●" if run is on_page else "" for run in runs])
        table.insert(0, "color", [run_color(self.comparison.number(run)) for run in runs])
        self._drawing = True
        if not table.equals(self._table.value):
            self._table.editors = {
                column: {"type": "input"} if column == "name" else None for column in table
            }
            # The table would look up its present selection in the new rows.
            self._table.selection = []
            self._table.value = table
            self._due = monotonic() + SECONDS_A_ROW * len(table)
        self._table.hidden_columns = settings_alike(settings)
        self._table.selection = [row for row, run in enumerate(runs) if run in compared]
        self._drawing = False

    def _compare(self, event: param.parameterized.Event) -> None:
        if self._drawing:
            return
        ticked = set(event.new)
        self.comparison.hidden = [run.id for row, run in enumerate(self._rows) if row not in ticked]

    def _rename(self, event: Any) -> None:
        session = self.comparison.session
        run = self._rows[event.row]
        done = session.attempt("rename", lambda: session.manager.rename(run.id, str(event.value)))
        self._message.param.update(
            object="" if done else session.mistakes.get("rename", ""), visible=not done
        )
        if not done:
            self._draw()

    def _follow_theme(self, event: param.parameterized.Event) -> None:
        self._table.stylesheets = _styles(event.new)


def _styles(dark: bool) -> list[str]:
    return [*table_styles(dark), MORE_AT_THE_RIGHT]


def _tabulator(dark: bool) -> pn.widgets.Tabulator:
    """Return the table, without rows."""
    return pn.widgets.Tabulator(
        pd.DataFrame(columns=["name"]),
        selectable="checkbox",
        show_index=False,
        editors={},
        layout="fit_data_table",
        sizing_mode="stretch_width",
        margin=(8, 0),
        formatters={
            "color": {"type": "color"},
            **{
                name: HTMLTemplateFormatter(template=number_cell(why))
                for name, why in ABSENT.items()
            },
        },
        header_tooltips=TITLE_TIPS,
        frozen_columns=["color", ON_PAGE, "name"],
        titles={"color": "", ON_PAGE: ""}
        | {name.replace("_", " "): label for name, label in LABELS.items()},
        widths={"color": 24, ON_PAGE: 28, "name": 120},
        header_filters={
            name: {"type": "input", "func": "like", "placeholder": "search"} for name in SEARCHED
        },
        sortable={"color": False},
        text_align=dict.fromkeys(ABSENT, "right"),
        # With Tabulator's own keys, Tab would never leave the first or the last name.
        configuration={"keybindings": {"navNext": False, "navPrev": False}},
        stylesheets=_styles(dark),
    )


def _has_summary(run: TrainingRun) -> bool:
    """Tell whether a run has a summary; a run of an older store is loaded for it."""
    try:
        return run.summary is not None
    except SettingError:
        return False
