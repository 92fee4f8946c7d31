"""The audit of a whole run, interval by interval in the background."""

from __future__ import annotations

from collections.abc import Iterator

import param
from panel.io.callbacks import PeriodicCallback

from ...analysis.background import Background
from ...analysis.checks.update_audit import IntervalAudit, audit_run, interval_ends
from ...runs.run import TrainingRun
from .record_work import MILLISECONDS
from .session import SPENT_ON_IT, Session
from .user_errors import USER_ERRORS


class RunAudit(param.Parameterized):
    """Audits the run that a page shows when it is asked to, up to its present step."""

    session = param.ClassSelector(class_=Session, constant=True)
    intervals = param.ClassSelector(
        default=(), class_=tuple, doc="The `IntervalAudit`s so far, in the order of their steps."
    )
    total = param.Integer(
        default=None, allow_None=True, doc="How many there will be; None: no audit was asked for."
    )
    running = param.Boolean(False, doc="Whether intervals are being audited.")
    message = param.String("", doc="Why the run cannot be audited.")

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self._background: Background[tuple[IntervalAudit, ...]] | None = None
        self._ticks: PeriodicCallback | None = None
        session.param.watch(self._forget, "run")
        session.param.watch(lambda event: self.stop(), "left")

    def start(self) -> None:
        """Audit the run from its beginning to its present step; not what a detective is to find."""
        self.stop()
        run = self.session.run
        if run.secret:
            self.message = SPENT_ON_IT.format(check="the audit")
            return
        self.param.update(intervals=(), total=len(interval_ends(run)), running=True, message="")
        self._background = Background(_intervals(run))
        self._background.start()
        if self._ticks is None:
            # In the background: no page is told that the server is busy.
            self._ticks = PeriodicCallback(callback=self.tick, period=MILLISECONDS, background=True)
            self._ticks.start()

    def stop(self) -> None:
        """Stop after the present interval."""
        if self._background is not None:
            self._background.stop()
        self._background = None
        self.running = False
        if self._ticks is not None:
            self._ticks.stop()
            self._ticks = None

    def tick(self) -> None:
        """Take the intervals that were audited since the last tick."""
        background = self._background
        if background is None:
            return
        done = background.done
        try:
            intervals = background.take()
        except USER_ERRORS as error:
            self.message = str(error)
        else:
            self.intervals = intervals or self.intervals
        if done:
            self.stop()

    def _forget(self, event: param.parameterized.Event) -> None:
        self.stop()
        self.param.update(intervals=(), total=None, message="")


def _intervals(run: TrainingRun) -> Iterator[tuple[IntervalAudit, ...]]:
    audited: tuple[IntervalAudit, ...] = ()
    for interval in audit_run(run):
        audited = (*audited, interval)
        yield audited
