"""The doctor's findings, each with its evidence and with buttons that lead on."""

from __future__ import annotations

from collections.abc import Hashable
from html import escape

import panel as pn
import param

from ...analysis.diagnosis.finding import SICK, Finding
from ..plots.html import html
from ..state.diagnosis import Diagnosis
from .doctor_light import SECRET
from .finding_row import FindingRow, identities

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
        self._rows: dict[Hashable, FindingRow] = {}
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
        # Anew: the step that is told must not be on the page before its findings are.
        self._rows = {
            identity: self._row(identity, finding)
            for identity, finding in zip(identities(findings), findings, strict=True)
        }
        self._list[:] = [self._standing, *self._rows.values()]

    def _row(self, identity: Hashable, finding: Finding) -> FindingRow:
        """Return the row of a finding: the one that shows it already, if there is one."""
        if identity not in self._rows:
            return FindingRow(self.diagnosis.session, finding)
        self._rows[identity].show(finding)
        return self._rows[identity]


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
