"""The Runs tab: a table of all runs."""

from __future__ import annotations

from typing import Any

import pandas as pd
import panel as pn
import param
from bokeh.models.widgets.tables import HTMLTemplateFormatter

from ...nn.faults import FAULTS
from ...runs.run import TrainingRun
from ...settings import SettingError
from ...storage.run_summary import BATCHES, STEPS_AVERAGED, VALIDATION, RunSummary
from ..plots.colors import run_color
from ..plots.html import html
from ..plots.numbers import NO_NUMBER, exact, number, number_cell
from ..state.comparison import MOST_BY_ITSELF, Comparison
from ..state.run_order import in_order
from ..state.token_text import visible
from ..widgets.setting_fields import LABELS
from .unreadable_warnings import UnreadableWarnings

HINT = (
    f"Ticked runs are compared in the Loss tab and the timeline: the newest {MOST_BY_ITSELF} at "
    "first. ● is the run on the page. A name can be changed in place. Type below a title to "
    "search, click it to sort."
)
MOST_LETTERS = 40
"""Letters of a setting that are shown."""

SEARCHED = ("name", "forked from")
ROW_STYLE = """
:host .tabulator { font-size: 12px; }
:host .tabulator-row .tabulator-cell + .tabulator-cell { padding: 6px 8px; }
:host .tabulator-col .tabulator-col-content { padding: 6px 8px !important; }
:host .tabulator-col .tabulator-col-title { padding-right: 20px !important; }
:host .tabulator-cell:has(input[type="checkbox"]) { text-overflow: clip; }
:host .tabulator-cell, :host .tabulator-col { border-color: #88888840 !important; }
:host .tabulator-row.tabulator-selected { background: #4c6ef51f !important; }
:host .tabulator-row, :host .tabulator-row .tabulator-cell { color: inherit !important; }
"""
"""Selected rows have a tint; with the colours of Tabulator's themes they form one dark block."""

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

LAST_LOSS, BEST_LOSS, BEST_OF = "last loss", "best loss", "best of"
ON_PAGE = "on page"
ABSENT = {
    LAST_LOSS: "No step was made yet.",
    BEST_LOSS: "No finite loss yet, or none since the loss function or the fault was last changed.",
}
"""Why a run may lack each of its losses."""

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
        self._drawing = False
        self._rows: list[TrainingRun] = []
        self._table = _tabulator(_table_theme(session.dark))
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
        if self.visible and not each_record:
            self._draw()

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
        self._table.theme = _table_theme(event.new)


def _table_theme(dark: bool) -> str:
    return "midnight" if dark else "simple"


def _tabulator(theme: str) -> pn.widgets.Tabulator:
    """Return the table, without rows."""
    return pn.widgets.Tabulator(
        pd.DataFrame(columns=["name"]),
        selectable="checkbox",
        show_index=False,
        editors={},
        layout="fit_data_table",
        sizing_mode="stretch_width",
        theme=theme,
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
        stylesheets=[ROW_STYLE, MORE_AT_THE_RIGHT],
    )


def _has_summary(run: TrainingRun) -> bool:
    """Tell whether a run has a summary; a run of an older store is loaded for it."""
    try:
        return run.summary is not None
    except SettingError:
        return False


def settings_in_words(run: TrainingRun) -> dict[str, str]:
    """Return the complete text of each setting, by the name of its column."""
    if run.secret:
        return {name.replace("_", " "): "hidden" for name in run.settings}
    return {name.replace("_", " "): in_words(name, value) for name, value in run.settings.items()}


def in_words(name: str, value: Any) -> str:
    """Return a setting as people write it: tokens with spaces, a range with `to`, a text's size."""
    match value:
        case None:
            return "generated" if name == "master_sequences" else "none"
        case str() if name == "fault":
            return FAULTS[value].label
        case [low, high] if name == "master_sequence_length":
            return f"{low} to {high}"
        case str() if name == "master_sequences":
            return f"a text of {len(value):,} characters"
        case list() if name == "master_sequences":
            return f"{len(value):,} given"
        case list() | tuple():
            return " ".join(map(visible, map(str, value)))
        case float():
            return number(value)
        case _:
            return str(value).replace("_", " ")


def parents_in_words(runs: list[TrainingRun]) -> list[str]:
    """Return the parent of each fork and the step at which it was forked; else an empty text."""
    names = {run.id: run.name for run in runs}
    return [
        f"{names.get(run.parent[0], 'a run that is gone')}, step {run.parent[1]:,}"
        if run.parent
        else ""
        for run in runs
    ]


def runs_table(runs: list[TrainingRun], settings: list[dict[str, str]]) -> pd.DataFrame:
    """Return a row for each run: its settings in words, and its losses.

    The columns and their types are the same for all runs. With other columns the browser would
    build a new table, and a busy browser may lose the ticks of a new table.
    """
    rows = []
    for run, texts, parent in zip(runs, settings, parents_in_words(runs), strict=True):
        summary = run.summary
        rows.append(
            {
                "name": run.name,
                "step": summary.step,
                "epoch": summary.epoch,
                LAST_LOSS: _loss(summary.losses.last) if summary.step else NO_NUMBER,
                BEST_LOSS: _loss(summary.losses.best) if summary.losses.best_of else NO_NUMBER,
                BEST_OF: best_in_words(summary),
                "forked from": parent,
                **{name: _cut(text) for name, text in texts.items()},
            }
        )
    return pd.DataFrame(rows).astype(dict.fromkeys(ABSENT, object))


def settings_alike(settings: list[dict[str, str]]) -> list[str]:
    """Return the names of the settings that have the same value in all runs."""
    return [
        name
        for name in settings[0]
        if name == "mode" or len({texts[name] for texts in settings}) == 1
    ]


def _cut(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else text[: MOST_LETTERS - 1] + "…"


def _loss(loss: float) -> float:
    """Return a loss with the digits of a float32."""
    return float(exact(loss))


def best_in_words(summary: RunSummary) -> str:
    """Say what the best loss of a run is of; empty if there is none."""
    # Only those count since the loss function or the fault was last changed.
    most = min(summary.step, STEPS_AVERAGED)
    of_batches = f"mean of up to {most} batches" if most > 1 else "one batch"
    return {VALIDATION: "validation", BATCHES: of_batches}.get(summary.losses.best_of, "")
