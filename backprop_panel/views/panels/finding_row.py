"""A finding of the doctor on the page, with buttons that lead on."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui

from ...analysis.diagnosis.finding import FINDINGS, NOT_JUDGED, NOTE, SICK, Finding
from ...analysis.record_cell import RecordCell
from ..plots.html import STYLE, html
from ..plots.numbers import number, spelled
from ..state.marks import NamedUnits
from ..state.session import Session
from ..widgets.buttons import button, working_button

MARKS = {SICK: "✕", NOTE: "✓"}
"""The mark of a severity; "!" for the one between, and "?" for what could not be judged."""


class FindingRow(pn.viewable.Viewer):
    """A finding: its words, and buttons that lead to its step and number, and try its remedy.

    The row and its buttons stay when the next examination finds the same again, so that a press
    that is on its way then is not lost: it does what the finding says now.
    """

    def __init__(self, session: Session, finding: Finding) -> None:
        super().__init__()
        self._session = session
        self._words = html("", "bp-finding", sizing_mode="stretch_width")
        self._buttons = pn.Row(margin=0)
        self._layout = pn.Row(
            self._words,
            self._buttons,
            sizing_mode="stretch_width",
            margin=(3, 0),
            css_classes=["bp-found"],
            stylesheets=[STYLE],
        )
        self.show(finding)

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def show(self, finding: Finding) -> None:
        """Show a finding that has the same one of the `identities` as the one before."""
        self._finding = finding
        self._words.object = finding_html(finding)
        offers = self._offers()
        shown = {each.label: each for each in self._buttons}
        if list(offers) != list(shown):
            self._buttons[:] = [
                shown[label] if label in shown else self._button(label, act)
                for label, act in offers.items()
            ]

    def _offers(self) -> dict[str, Callable[[], None]]:
        """Return what a press of each button does, by its label."""
        finding = self._finding
        if finding.kind == NOT_JUDGED:
            return {}
        offers = {}
        if finding.step != self._session.run.trainer.step:
            offers[f"Go to step {finding.step:,}"] = self._go
        if finding.cell is not None:
            offers["Explain"] = self._explain
        elif finding.units:
            offers[f"Show the unit{'s' * (len(finding.units) > 1)}"] = self._show_units
        elif finding.layer is not None:
            offers[f"Show W{finding.layer + 1}"] = self._show_weights
        if finding.remedy is not None and finding.remedy.changes:
            offers["Try it in a fork"] = self._try
        return offers

    def _button(self, label: str, act: Callable[[], None]) -> pmui.Button:
        """Return a new button, which shows that it works if that may take a while."""
        return (working_button if act == self._try else button)(label, act)

    def _attempt(self, action: Callable[[], Any]) -> None:
        self._session.attempt("doctor", action)

    def _go(self) -> None:
        self._attempt(lambda: self._session.travel(self._finding.step))

    def _explain(self) -> None:
        """Explain the number of the finding in the step that has it, and not in the next batch."""
        self._attempt(lambda: self._session.show_step(self._finding.cell_step))
        self._session.show_on_map(self._finding.cell)

    def _show_units(self) -> None:
        finding = self._finding
        label = FINDINGS[finding.kind].label.lower()
        self._session.show_units(NamedUnits(finding.layer, finding.units, label))

    def _show_weights(self) -> None:
        self._session.show_on_map(RecordCell("weights", self._finding.layer, (0, 0)))

    def _try(self) -> None:
        """Fork the run with what may help, at the step from which it helps."""
        session, remedy = self._session, self._finding.remedy
        step = session.engine.step if remedy.step is None else remedy.step
        session.pause()
        self._attempt(lambda: session.manager.fork(session.run.id, step, None, **remedy.changes))


def identities(findings: Sequence[Finding]) -> list[Hashable]:
    """Return what tells each finding from the others, and stays in the next examination.

    That is what and where it is, but not its numbers; and its number among equal ones.
    """
    whats = [(finding.kind, finding.layer, finding.fault) for finding in findings]
    return [(what, whats[:index].count(what)) for index, what in enumerate(whats)]


def finding_html(finding: Finding) -> str:
    """Return a finding: its mark, label, sentence, evidence and remedy."""
    mark = "?" if finding.kind == NOT_JUDGED else MARKS.get(finding.severity, "!")
    because = ""
    if finding.because:
        because = (
            f' <span class="bp-because">· follows from: {FINDINGS[finding.because].label}</span>'
        )
    evidence = " · ".join(
        f"{escape(what)}: {value if isinstance(value, str) else number(float(value))}"
        for what, value in finding.evidence.items()
    )
    sure = f": {finding.sure:.1%} sure" if finding.is_fault else ""
    how = f"{evidence} · {escape(finding.basis)}{sure}" if evidence else ""
    tried = f" Try: {finding.remedy.sentence}" if finding.remedy else ""
    said = escape(spelled(finding.sentence + tried))
    return (
        f'<div class="bp-told bp-{finding.severity}">'
        f'<b><span class="bp-mark">{mark}</span> {escape(finding.label)}</b>{because}<br>'
        f'{said}<br><span class="bp-evidence">{how}</span></div>'
    )
