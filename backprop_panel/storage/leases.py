"""Leases: one owner trains a run at a time, across threads and processes."""

from __future__ import annotations

import sqlite3
import time
from uuid import uuid4

from ..settings import SettingError, shown
from .process_identity import has_ended, this_process
from .run_delta import DELETED_ELSEWHERE, Conflict

LEASE_SECONDS = 5.0
"""A lease without a heartbeat for this long is free, as its owner must have ended.

The lease of a process on the same machine is free as soon as the process has ended.
"""

HEARTBEAT_SECONDS = 1.0
"""The time between two heartbeats; a lease that is unused for this long is released."""


def lease_refusal(name: str) -> str:
    """Return what is said to an owner who would train a run that another owner trains."""
    return f"{shown(name)} is being trained in another window or process."


def new_owner() -> str:
    """Return a unique name for an owner of leases, which identifies its process."""
    return f"{uuid4().hex} {this_process()}"


def take_lease(db: sqlite3.Connection, run_id: str, name: str, owner: str) -> int:
    """Take a run's lease, or renew it; return how often the run was saved.

    Raises
    ------
    SettingError
        If another owner holds it.
    Conflict
        If the run is not in the file.
    """
    row = db.execute("SELECT saves FROM runs WHERE id = ?", (run_id,)).fetchone()
    if row is None:
        raise Conflict(DELETED_ELSEWHERE)
    _free_lease_of_ended_process(db, run_id, owner)
    taken = db.execute(
        "INSERT INTO leases VALUES (?1, ?2, ?3) ON CONFLICT (run) "
        # A heartbeat in the future was written by a clock that was wrong.
        "DO UPDATE SET owner = ?2, heartbeat = ?3 "
        "WHERE owner = ?2 OR abs(heartbeat - ?3) > ?4",
        (run_id, owner, time.time(), LEASE_SECONDS),
    )
    if not taken.rowcount:
        raise SettingError("runs", lease_refusal(name))
    return row[0]


def is_held_elsewhere(db: sqlite3.Connection, run_id: str, owner: str) -> bool:
    """Return whether another owner, which has not ended, holds the lease of a run."""
    row = db.execute("SELECT owner, heartbeat FROM leases WHERE run = ?", (run_id,)).fetchone()
    return row is not None and is_lease_of_another(*row, owner, LEASE_SECONDS)


def is_lease_of_another(holder: str, heartbeat: float, owner: str, seconds: float) -> bool:
    """Return whether another owner, not ended, holds a lease that lasts so many seconds."""
    if holder == owner:
        return False
    return abs(heartbeat - time.time()) <= seconds and not owner_has_ended(holder)


def renew_leases(db: sqlite3.Connection, owner: str) -> None:
    """Renew the heartbeat of all leases of an owner."""
    db.execute("UPDATE leases SET heartbeat = ? WHERE owner = ?", (time.time(), owner))


def release_lease(db: sqlite3.Connection, run_id: str, owner: str) -> None:
    """Release the lease of a run, so that other owners can train it."""
    db.execute("DELETE FROM leases WHERE run = ? AND owner = ?", (run_id, owner))


def _free_lease_of_ended_process(db: sqlite3.Connection, run_id: str, owner: str) -> None:
    row = db.execute("SELECT owner FROM leases WHERE run = ?", (run_id,)).fetchone()
    # Its own lease is left out, as reading about a process in /proc takes longer than the rest.
    if row is not None and row[0] != owner and owner_has_ended(row[0]):
        release_lease(db, run_id, row[0])


def owner_has_ended(owner: str) -> bool:
    """Return whether the process of an owner, which `new_owner` named, has ended."""
    return has_ended(owner.partition(" ")[2])
