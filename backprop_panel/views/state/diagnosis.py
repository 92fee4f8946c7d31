"""What the doctor finds in the run that a page shows, looked for in the background."""

from __future__ import annotations

from collections.abc import Iterator

import param

from ...analysis.diagnosis.doctor import examine
from ...analysis.diagnosis.finding import Finding
from ...nn.record import StepRecord
from .record_work import RecordWork
from .session import Session


class Diagnosis(RecordWork):
    """Examines the run up to the moment that a page shows.

    Findings stay until the next examination is complete, so that none flickers.
    """

    rest = 4
    patience = 1.0
    findings = param.ClassSelector(default=(), class_=tuple, doc="The findings, causes first.")
    step = param.Integer(
        default=None, allow_None=True, doc="The step that they are of; None: none was examined yet."
    )
    message = param.String("", doc="Why the run cannot be examined.")

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._step = 0

    def pieces(self, record: StepRecord) -> Iterator[list[Finding]]:
        """Examine the run, yielding what was found so far."""
        self._step = self.session.engine.step
        return examine(self.session.run, self._step)

    def take(self, record: StepRecord, result: list[Finding] | None) -> None:
        """Show what was found."""
        self.param.update(findings=tuple(result or ()), step=self._step, message="")

    def forget(self, message: str = "") -> None:
        """Show no findings."""
        self.param.update(findings=(), step=None, message=message)
