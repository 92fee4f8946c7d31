"""The health of each run at the steps that the page has shown."""

from __future__ import annotations

from time import monotonic

import numpy as np
import param
from numpy.typing import NDArray

from ...analysis.health import HealthLog
from .session import Session, redraw_on_change

STEPS_OF_A_CURVE = 8
"""The number of steps that the log takes at least from one training."""

MOST_SECONDS = 0.15
"""The time for replaying steps of a training that was too short to be shown."""


class HealthLogs:
    """A `HealthLog` for each run, filled from the shown records, whether or not the tab is active.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._logs: dict[str, HealthLog] = {}
        self._before = (0, 0)
        self._missing: dict[str, list[NDArray]] = {}
        redraw_on_change(session, self._add)
        session.param.watch(self._follow_training, "training")

    def current(self) -> HealthLog:
        """Return the log of the session's run, an empty one after a reset of the run."""
        run = self._session.run
        log = self._logs.get(run.id)
        if log is None or (log.steps and log.steps[-1] > run.trainer.step):
            log = self._logs[run.id] = HealthLog()
        return log

    def add_missing(self) -> None:
        """Replay and add steps that were not shown, such as those of a short epoch."""
        run, log = self._session.run, self.current()
        end = monotonic() + MOST_SECONDS
        for steps in self._missing.pop(run.id, []):
            for step in steps[steps <= run.trainer.step].tolist():
                if monotonic() > end:
                    return
                log.add(run.step_again(step).record)

    def _add(self, *events: param.parameterized.Event) -> None:
        session = self._session
        existing = {run.id for run in session.manager.runs}
        for by_run in (self._logs, self._missing):
            for deleted in by_run.keys() - existing:
                del by_run[deleted]
        if len(session.record.layers) == session.run.model.network.depth:
            self.current().add(session.record)

    def _follow_training(self, event: param.parameterized.Event) -> None:
        """When training ends, choose the steps that the log lacks for a curve."""
        run, count = self._session.run, len(self.current().steps)
        if event.new:
            # The step of the record: the worker may be further already.
            self._before = (self._session.record.step, count)
            return
        first, count_before = self._before
        # The count falls when the log is thinned, which happens only after many new steps.
        lacking = STEPS_OF_A_CURVE - abs(count - count_before)
        if lacking > 0:
            steps = np.unique(np.linspace(first, run.trainer.step, lacking + 1, dtype=int))
            self._missing.setdefault(run.id, []).append(steps[steps > first])
