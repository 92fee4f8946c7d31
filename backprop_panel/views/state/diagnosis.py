"""What the doctor finds in the run that a page shows, looked for in the background."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic

import param

from ...analysis.diagnosis.doctor import examine
from ...analysis.diagnosis.evidence import LATE, Measured
from ...analysis.diagnosis.finding import Finding
from ...nn.record import StepRecord
from ...runs.run import TrainingRun
from .record_work import RecordWork
from .session import Session


class Diagnosis(RecordWork):
    """Examines the run up to the moment that a page shows.

    Findings stay until the next examination is complete, so that none flickers; `now` tells that
    they are of another step than the one that is shown. While the run is trained, an examination
    takes a fifth of the time and rests for long afterwards: training keeps 97% of its time, and a
    change of the settings is judged some seconds after it was made.
    """

    rest_of_piece = 4
    rest = 6
    patience = 1.0
    findings = param.ClassSelector(default=(), class_=tuple, doc="The findings, causes first.")
    step = param.Integer(
        default=None, allow_None=True, doc="The step that they are of; None: none was examined yet."
    )
    now = param.Integer(0, doc="The step that is shown, as it was a moment ago.")
    message = param.String("", doc="Why the run cannot be examined.")

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._step = 0
        self._measured = Measured(session.run)
        session.param.watch(self._hurry, "settings")

    def pieces(self, record: StepRecord) -> Iterator[list[Finding]]:
        """Examine the run, yielding what was found so far."""
        run, self._step = self.session.run, self.session.engine.step
        if self._measured.run is not run:
            self._measured = Measured(run)
        self._measured.hurried = self.session.training
        if self.session.training:
            self._step = _soon_repeated(run, self._step)
        return examine(run, self._step, self._measured)

    def take(self, record: StepRecord, result: list[Finding] | None) -> None:
        """Show what was found."""
        self.param.update(
            findings=tuple(result or ()),
            step=self._step,
            now=self.session.engine.step,
            message="",
        )

    def forget(self, message: str = "") -> None:
        """Show no findings."""
        self.param.update(findings=(), step=None, message=message)

    def _follow(self, *events: param.parameterized.Event) -> None:
        super()._follow(*events)
        is_frame = self.session.training and all(event.name == "record" for event in events)
        if self.on and not (events and is_frame):
            self.now = self.session.engine.step

    def _hurry(self, *events: param.parameterized.Event) -> None:
        """Examine a run whose settings were changed soon, whatever is under way."""
        if self.session.training:
            self._stop()
            self._next_at = monotonic() + self.patience


def _soon_repeated(run: TrainingRun, step: int) -> int:
    """Return the last step that is right after a checkpoint, with those that are looked at."""
    checkpoint = run.trainer.engine.checkpoints.last_up_to(step - LATE)
    return step if checkpoint is None else checkpoint.step + LATE
