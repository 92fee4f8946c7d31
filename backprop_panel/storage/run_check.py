"""What of a stored run is damaged, though the run is read and trained without it."""

from __future__ import annotations

import sqlite3
import sys

from .health_rows import read_health
from .run_rows import read_checkpoints
from .serialization import Damaged


def damaged_parts(db: sqlite3.Connection, run_id: str, depth: int) -> list[str]:
    """Return what cannot be read of a run's checkpoints and measures, and what follows from that.

    Parameters
    ----------
    db : sqlite3.Connection
        Within a transaction.
    run_id : str
    depth : int
        Layers of its network.
    """
    return [*_damaged_checkpoints(db, run_id), *_damaged_health(db, run_id, depth)]


def _damaged_checkpoints(db: sqlite3.Connection, run_id: str) -> list[str]:
    (generation,) = db.execute("SELECT generation FROM runs WHERE id = ?", (run_id,)).fetchone()
    try:
        read_checkpoints(db, run_id, generation, sys.maxsize)
    except Damaged as error:
        return [f"{error} (of a checkpoint): looking back replays the run from its beginning"]
    return []


def _damaged_health(db: sqlite3.Connection, run_id: str, depth: int) -> list[str]:
    query = "SELECT count(*) FROM health WHERE run = ? AND step >= 1"
    (stored,) = db.execute(query, (run_id,)).fetchone()
    lost = stored - len(read_health(db, run_id, depth, sys.maxsize).moments)
    return [f"{lost:,} of {stored:,} measures of its layers cannot be read"] if lost else []
