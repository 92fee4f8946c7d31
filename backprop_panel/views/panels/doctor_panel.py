"""The doctor's findings, each with its evidence and with buttons that lead on."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

import panel as pn
import param

from ...analysis.diagnosis.finding import FINDINGS, NOT_JUDGED, NOTE, SICK, Finding
from ...analysis.record_cell import RecordCell
from ..plots.html import STYLE, html
from ..plots.numbers import number, spelled
from ..state.diagnosis import Diagnosis
from ..state.marks import NamedUnits
from ..widgets.buttons import button, working_button
from .doctor_light import SECRET

MARKS = {SICK: "✕", NOTE: "✓"}
"""The mark of a severity; "!" for the one between, and "?" for what could not be judged."""

NOTHING = "no fault was found"


class DoctorPanel(pn.viewable.Viewer):
    """The findings of a `Diagnosis`."""

    diagnosis = param.ClassSelector(class_=Diagnosis, constant=True)

    def __init__(self, diagnosis: Diagnosis) -> None:
        super().__init__(diagnosis=diagnosis)
        # As long as it is: half a finding at the edge of a box would be overlooked.
        self._list = pn.Column(margin=0, sizing_mode="stretch_width", css_classes=["bp-findings"])
        self._layout = pn.Column(
            html("Doctor", "bp-head"),
            self._list,
            margin=(0, 0, 8, 0),
            sizing_mode="stretch_width",
        )
        self._shown: tuple[Finding, ...] | None = None
        diagnosis.param.watch(self._show, ["findings", "step", "now", "message"])
        self._show()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _show(self, *events: param.parameterized.Event) -> None:
        diagnosis = self.diagnosis
        is_secret = diagnosis.session.run.secret
        told = SECRET if is_secret else standing(diagnosis)
        findings = () if is_secret else diagnosis.findings
        if findings == self._shown:
            self._standing.object = told
            return
        self._shown, self._standing = findings, html(told, "bp-note")
        # All of it anew: the step that is told must not be on the page before its findings are.
        self._list[:] = [self._standing, *map(self._row, findings)]

    def _row(self, finding: Finding) -> pn.Row:
        return pn.Row(
            html(finding_html(finding), "bp-finding", sizing_mode="stretch_width"),
            pn.Row(*self._buttons(finding), margin=0),
            sizing_mode="stretch_width",
            margin=(3, 0),
            css_classes=["bp-found"],
            stylesheets=[STYLE],
        )

    def _buttons(self, finding: Finding) -> Iterator[pn.viewable.Viewable]:
        session = self.diagnosis.session
        if finding.kind == NOT_JUDGED:
            return
        if finding.step != session.run.trainer.step:
            yield button(
                f"Go to step {finding.step:,}",
                lambda: session.attempt("doctor", lambda: session.travel(finding.step)),
            )
        if finding.cell is not None:
            yield button("Explain", lambda: self._explain(finding))
        elif finding.units:
            named = NamedUnits(finding.layer, finding.units, FINDINGS[finding.kind].label.lower())
            label = "Show the unit" if len(finding.units) == 1 else "Show the units"
            yield button(label, lambda: session.show_units(named))
        elif finding.layer is not None:
            shown = RecordCell("weights", finding.layer, (0, 0))
            yield button(f"Show W{finding.layer + 1}", lambda: session.show_on_map(shown))
        if finding.remedy is not None and finding.remedy.changes:
            yield working_button("Try it in a fork", lambda: self._apply(finding))

    def _explain(self, finding: Finding) -> None:
        """Explain the number of a finding in the step that has it, and not in the next batch."""
        session = self.diagnosis.session
        session.attempt("doctor", lambda: session.show_step(finding.cell_step))
        session.show_on_map(finding.cell)

    def _apply(self, finding: Finding) -> None:
        """Fork the run with what may help, at the step from which it helps."""
        session, remedy = self.diagnosis.session, finding.remedy
        step = session.engine.step if remedy.step is None else remedy.step
        session.pause()
        session.attempt(
            "doctor",
            lambda: session.manager.fork(session.run.id, step, None, **remedy.changes),
        )


def standing(diagnosis: Diagnosis) -> str:
    """Return at which step the run was examined, and whether it is well."""
    if diagnosis.message:
        return f"This run cannot be examined: {escape(diagnosis.message)}"
    if diagnosis.step is None:
        return "Examining the run …"
    found = f"Examined at step {diagnosis.step:,}{_verdict(diagnosis)}."
    if diagnosis.now == diagnosis.step:
        return found
    where = "Now at" if diagnosis.session.past is None else "Shown is"
    return f"{found} {where} step {diagnosis.now:,}, which is not examined yet."


def _verdict(diagnosis: Diagnosis) -> str:
    """Return whether the run was well; what is wrong with it follows as findings."""
    if not diagnosis.step or any(finding.severity == SICK for finding in diagnosis.findings):
        return ""
    return ": it learns" if _warnings(diagnosis) else f": {NOTHING}"


def _warnings(diagnosis: Diagnosis) -> list[Finding]:
    return [finding for finding in diagnosis.findings if finding.is_fault]


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
