"""The health of a run's layers in a store: a row for each moment."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import numpy as np

from ..training.health_log import COLUMNS, HealthLog, StepHealth


def write_health(db: sqlite3.Connection, run_id: str, moments: Sequence[StepHealth]) -> None:
    """Write the moments of a run that its rows lack, and delete those that were dropped."""
    found = db.execute("SELECT step FROM health WHERE run = ?", (run_id,))
    stored, kept = {step for (step,) in found}, {moment.step for moment in moments}
    db.executemany(
        "DELETE FROM health WHERE run = ? AND step = ?",
        [(run_id, step) for step in stored - kept],
    )
    db.executemany(
        "INSERT INTO health VALUES (?, ?, ?)",
        [
            (run_id, moment.step, moment.values.astype("<f4").tobytes())
            for moment in moments
            if moment.step not in stored
        ],
    )


def read_health(db: sqlite3.Connection, run_id: str, depth: int | None, until: int) -> HealthLog:
    """Return the health of a run up to a step.

    Rows that do not fit a network of `depth` layers are left out: a run is readable without them.
    With None, all of them are returned.
    """
    rows = db.execute(
        "SELECT step, layers FROM health WHERE run = ? AND step BETWEEN 1 AND ? ORDER BY step",
        (run_id, until),
    )
    size = None if depth is None else 4 * depth * COLUMNS
    return HealthLog(
        StepHealth(step, np.frombuffer(packed, "<f4").reshape(-1, COLUMNS))
        for step, packed in rows
        if size in (None, len(packed))
    )
