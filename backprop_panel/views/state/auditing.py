"""Whether the step that a page shows follows from its inputs, audited in the background."""

from __future__ import annotations

from collections.abc import Iterator

import param

from ...analysis.checks.update_audit import Discrepancy, auditing
from ...nn.record import StepRecord
from ...runs.run import TrainingRun
from .record_work import RecordWork

Audited = tuple[StepRecord, Discrepancy | None]
"""A record, and its first discrepancy, if it has been found."""


class Auditing(RecordWork):
    """Audits the records that a page shows, up to the first discrepancy of each."""

    record = param.ClassSelector(
        default=None, class_=StepRecord, allow_None=True, doc="The record that was audited last."
    )
    first = param.ClassSelector(
        default=None, class_=Discrepancy, allow_None=True, doc="Its first discrepancy."
    )
    message = param.String("", doc="Why there is none that can be audited.")

    def pieces(self, record: StepRecord) -> Iterator[Audited]:
        """Audit the step that made the shown weights, array by array, until one does not follow.

        Where the next batch is shown, that is the step before it, made again. If a fault has been
        switched on or off since, it is that batch: how the step was made no longer holds.
        """
        engine = self.session.engine
        if record.updated or not engine.step:
            return _audited(record)
        return _audited(record, self.session.run, engine.step)

    def take(self, record: StepRecord, result: Audited | None) -> None:
        """Show what was found."""
        audited, first = result or (record, None)
        self.param.update(record=audited, first=first, message="")

    def forget(self, message: str = "") -> None:
        """Show nothing."""
        self.param.update(record=None, first=None, message=message)


def _audited(shown: StepRecord, run: TrainingRun | None = None, step: int = 0) -> Iterator[Audited]:
    """Audit a record, or the step of a run before it if it was made with the same fault."""
    before = shown if run is None else run.step_again(step).record
    is_same = before.settings.get("fault") == shown.settings.get("fault")
    record = before if is_same else shown
    for found in auditing(record):
        yield record, found
        if found is not None:
            return
