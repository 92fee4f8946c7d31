"""Runs that are not trained: what a worker would report of them, five times a second."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from random import random
from typing import Any

import numpy as np

from backprop_panel import TrainingRun
from backprop_panel.plain_values import plain
from backprop_panel.storage.remote_run import PackedState
from backprop_panel.sweeps.reports import STOPPED, Report, Rows
from backprop_panel.sweeps.task import CHECKPOINT_SECONDS, CHECKPOINT_SHARE, Task

REPORT_SECONDS = 0.2
STEPS = 20
"""Updates in a report: a run of a hundred steps a second."""


@cache
def example() -> tuple[dict[str, Any], PackedState]:
    """Return the configuration and a checkpoint of a real run with the default settings."""
    run = TrainingRun("example", {})
    run.trainer.run_batch()
    return plain(dict(run.config)), PackedState.of(run.trainer.engine.state())


def train(task: Task, send: Callable[[bytes], None], wanted: Callable[[], bool]) -> None:
    """Report as a run would that goes on until it is told to stop."""
    config, state = example()
    time.sleep(REPORT_SECONDS * random())  # runs do not report at one moment
    send(Report(task.attempt, begins=True, config=config).packed())
    first, began = task.state.step if task.state else 0, time.perf_counter()
    due, health = began + CHECKPOINT_SECONDS, []
    while wanted():
        rows = Rows(first, 0, np.full(2 * STEPS, 0.5, np.float32).tobytes(), ())
        report, now = Report(task.attempt, rows=rows), time.perf_counter()
        first += STEPS
        if now >= due:
            packed = PackedState(first, *state[1:])
            report = Report(task.attempt, rows=rows, state=packed, health=health)
            due = now + max(CHECKPOINT_SECONDS, CHECKPOINT_SHARE * (now - began))
        send(report.packed())
        time.sleep(REPORT_SECONDS)
    send(Report(task.attempt, end=STOPPED).packed())
