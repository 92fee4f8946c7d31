"""The task of a worker: it trains one run, and reports to the client while it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any

import numpy as np

from ..data.batch_loader import BatchLoader
from ..plain_values import plain
from ..runs.run import TrainingRun
from ..settings import SettingError, shortened
from ..storage.remote_run import PackedState
from ..training.engine import Engine
from ..training.health_log import HealthLog, StepHealth
from ..training.stop_conditions import StopWhen
from ..version import __version__
from .reports import FAILED, FINISHED, REFUSED, STOPPED, Report, Rows

REPORT_SECONDS = 0.2
"""Time between two reports of a run."""

CHECKPOINT_SECONDS = 2.0
"""Shortest time between two checkpoints of a run."""

CHECKPOINT_SHARE = 0.05
"""Longest time between two checkpoints, as a share of the time trained: so much is lost at most
when a worker is killed, and long runs do not have more checkpoints than a replay needs."""

COPY_SHARE = 0.01
"""Largest share of the time that is spent on packing checkpoints."""

Send = Callable[[bytes], None]
Wanted = Callable[[], bool]


@dataclass(frozen=True)
class Task:
    """What a worker needs in order to train a run, or to go on with it.

    Attributes
    ----------
    attempt : str
    config : dict
    unit : str
        ``"epochs"`` or ``"steps"``.
    until : int
        The budget at which to end, in this unit.
    version : str
        The version of this package that the worker must have.
    state : PackedState or None
        Where to go on; None: at the beginning.
    health : list of StepHealth
        The moments up to there.
    """

    attempt: str
    config: dict[str, Any]
    unit: str
    until: int
    version: str
    state: PackedState | None = None
    health: list[StepHealth] = field(default_factory=list)


def train(task: Task, send: Send, wanted: Wanted) -> None:
    """Train the run of a task, and send packed reports; the last one says how it ended.

    Parameters
    ----------
    task : Task
    send : callable
        Takes a packed `Report`.
    wanted : callable
        Tells whether to go on.
    """
    first = Report(task.attempt, begins=True)
    if task.version != __version__:
        reason = f"it has backprop_panel {__version__}, and the sweep {task.version}"
        send(replace(first, end=REFUSED, reason=reason).packed())
        return
    try:
        run = TrainingRun("run", task.config)
        engine = run.trainer.engine
        # Each worker would import torch otherwise; the batches are the same.
        engine.batches.loader = BatchLoader(run.dataset, with_torch=False)
        if task.state is not None:
            engine.restore(task.state.unpacked())
            engine.health = HealthLog(task.health)
        send(replace(first, config=plain(dict(run.config))).packed())
        reporter = Reporter(task.attempt, engine, send)
        reporter.end(*_trained(engine, task, reporter, wanted))
    except SettingError as error:
        send(Report(task.attempt, end=FAILED, reason=str(error)).packed())
    except Exception as error:  # whatever is wrong with one run, the others go on
        reason = f"{type(error).__name__}: {shortened(error)}"
        send(Report(task.attempt, end=FAILED, reason=reason).packed())


def _trained(engine: Engine, task: Task, reporter: Reporter, wanted: Wanted) -> tuple[str, str]:
    """Advance an engine to the end of its task; return how and why it ended."""
    limit = {"epochs": "epoch", "steps": "step"}[task.unit]
    stop = StopWhen(**{limit: task.until})
    size = engine.settings.batch_size
    while stop.reason(engine, engine.history.rows) is None:
        if not wanted():
            return STOPPED, ""
        since = engine.history.rows
        engine.advance(size, stop.steps_left(engine))
        finite = np.isfinite(engine.history["loss"][since:])
        if not finite.all():
            step = engine.history["step"][since + int(np.argmin(finite))]
            return FAILED, f"the loss of step {step} is not finite"
        reporter.report_if_due()
    return FINISHED, ""


class Reporter:
    """Sends what is new of an engine, at most every `REPORT_SECONDS`.

    Parameters
    ----------
    attempt : str
    engine : Engine
        Its history holds the updates made here alone.
    send : callable
    """

    def __init__(self, attempt: str, engine: Engine, send: Send) -> None:
        self._attempt, self._engine, self._send = attempt, engine, send
        self._began = perf_counter()
        self._due = self._began + REPORT_SECONDS
        self._checkpoint_due = self._began + CHECKPOINT_SECONDS
        self._rows = 0
        self._first = engine.step

    def report_if_due(self) -> None:
        """Report if it is time for that."""
        now = perf_counter()
        if now < self._due:
            return
        report = Report(self._attempt, rows=self._new_rows())
        if now >= self._checkpoint_due:
            report = self._with_checkpoint(report)
            packing = perf_counter() - now
            trained = (now - self._began) * CHECKPOINT_SHARE
            self._checkpoint_due = now + max(CHECKPOINT_SECONDS, trained, packing / COPY_SHARE)
        self._send(report.packed())
        self._due = perf_counter() + REPORT_SECONDS

    def end(self, end: str, reason: str) -> None:
        """Report everything for the last time, with a checkpoint."""
        report = Report(self._attempt, rows=self._new_rows(), end=end, reason=reason)
        self._send(self._with_checkpoint(report).packed())

    def _new_rows(self) -> Rows:
        engine = self._engine
        first = self._first + self._rows
        rows = Rows.since(engine.history, self._rows, first, engine.batches.cursor.epoch)
        self._rows = engine.history.rows
        return rows

    def _with_checkpoint(self, report: Report) -> Report:
        engine = self._engine
        if engine.step == 0:
            return report
        # As the run is stored, with one event; the log of an engine that goes on is empty.
        state = PackedState.of(replace(engine.state(), events=1))
        return replace(report, state=state, health=list(engine.health.moments))
