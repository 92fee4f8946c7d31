"""The audit of the whole run: its button, its progress and what it finds."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import panel as pn
import param

from ...analysis.checks.update_audit import Discrepancy, IntervalAudit
from ..plots.html import html
from ..plots.numbers import number
from ..state.run_audit import RunAudit
from ..widgets.buttons import button

MOST_ROWS = 12
"""Intervals that are listed, each with a row; the others are counted."""


class AuditPanel(pn.viewable.Viewer):
    """Starts a `RunAudit` and shows what it finds."""

    audit = param.ClassSelector(class_=RunAudit, constant=True)

    def __init__(self, audit: RunAudit) -> None:
        super().__init__(audit=audit)
        self._button = button("Audit the whole run", self._start_or_stop)
        self._standing = html("", "bp-note", align="center")
        self._list = pn.Column(margin=0, sizing_mode="stretch_width")
        self._layout = pn.Column(
            pn.Row(self._button, self._standing, sizing_mode="stretch_width", margin=0),
            self._list,
            margin=(0, 0, 8, 0),
            sizing_mode="stretch_width",
        )
        self._rows: dict[int, pn.Row] = {}
        audit.param.watch(self._show, ["intervals", "total", "running", "message"])
        self._show()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _start_or_stop(self) -> None:
        if self.audit.running:
            self.audit.stop()
        else:
            self.audit.start()

    def _show(self, *events: param.parameterized.Event) -> None:
        self._button.label = "Stop the audit" if self.audit.running else "Audit the whole run"
        self._standing.object = escape(standing(self.audit))
        wrong = [each for each in self.audit.intervals if each.discrepancies][:MOST_ROWS]
        if [each.end for each in wrong] != list(self._rows):
            # A row stays when others follow: a press on it may be on its way.
            self._rows = {each.end: self._rows.get(each.end) or self._row(each) for each in wrong}
            self._list[:] = list(self._rows.values())

    def _row(self, interval: IntervalAudit) -> pn.Row:
        first, *others = interval.discrepancies
        name = first.name(self.audit.session.record)  # all records of the run have its cells
        text = (
            f"<b>Step {interval.end:,}</b>: {escape(name)} is {number(first.found)}, and should be "
            f"{number(first.expected)}. {_more(len(others))}"
        )
        return pn.Row(
            button(f"Go to step {interval.end:,}", self._shower(interval.end, first)),
            html(text, "bp-finding", align="center"),
            sizing_mode="stretch_width",
            margin=(2, 0),
        )

    def _shower(self, step: int, first: Discrepancy) -> Callable[[], None]:
        session = self.audit.session

        def show() -> None:
            """Show the step, and select the cell that is wrong."""
            session.attempt("audit", lambda: session.show_step(step))
            if first.cell is not None:
                session.path = (first.cell,)

        return show


def standing(audit: RunAudit) -> str:
    """Return how far the audit has come, and what it found."""
    if audit.message:
        return f"This run cannot be audited: {audit.message}"
    if audit.total is None:
        return ""
    if not audit.total:
        return "The run has not made a step yet."
    done = len(audit.intervals)
    if not done:
        return f"Repeating the first of {audit.total} intervals …"
    wrong = sum(bool(each.discrepancies) for each in audit.intervals)
    changed = [each.deviation for each in audit.intervals if each.deviation]
    found = f"{wrong} with numbers that do not follow" if wrong else "all numbers follow"
    end = " …" if audit.running else "."
    far = f"{done} of {audit.total} intervals, to step {audit.intervals[-1].end:,}: {found}{end}"
    return " ".join([far, *changed[:1]])


def _more(arrays: int) -> str:
    """Say how many other arrays of the step have wrong numbers."""
    if not arrays:
        return ""
    more = "1 more array has" if arrays == 1 else f"{arrays} more arrays have"
    return f"{more} wrong numbers."
