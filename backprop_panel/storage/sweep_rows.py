"""The sweeps of one user in a store: their plans and leases; `trial_rows` has their runs."""

from __future__ import annotations

import sqlite3
from time import time
from typing import Any, NamedTuple

from ..settings import SettingError
from .leases import is_lease_of_another
from .serialization import pack_json, unpack_json

SWEEP_LEASE_SECONDS = 30.0
"""A sweep without a heartbeat for this long is free, as its owner must have ended."""

RUN_ELSEWHERE = "The sweep is being run in another window or process."


class SweepRow(NamedTuple):
    """A sweep in a store's list.

    Attributes
    ----------
    id, name : str
    packed_plan : bytes
        Unpacked when it is asked for: one that cannot be read hides no other sweep.
    created : float
        Seconds since 1970.
    """

    id: str
    name: str
    packed_plan: bytes
    created: float

    @property
    def plan(self) -> Any:
        """The plan as it is stored, whatever that is.

        Raises
        ------
        Damaged
        """
        return unpack_json(self.packed_plan)


class StoredRun(NamedTuple):
    """The name of a run of a sweep in the store, and how far it is."""

    name: str
    step: int = 0
    epoch: int = 0


def insert_sweep(
    db: sqlite3.Connection, user: str, sweep_id: str, name: str, plan: dict[str, Any]
) -> None:
    """Add a sweep without runs."""
    db.execute("INSERT INTO workspaces (user) VALUES (?) ON CONFLICT DO NOTHING", (user,))
    db.execute(
        "INSERT INTO sweeps (id, workspace, name, plan, created) "
        "SELECT ?, id, ?, ?, ? FROM workspaces WHERE user = ?",
        (sweep_id, name, pack_json(plan), time(), user),
    )


def take_sweep(db: sqlite3.Connection, sweep_id: str, owner: str) -> None:
    """Take the lease of a sweep, or renew it: one owner trains its runs at a time.

    Raises
    ------
    SettingError
        If another owner has it, whose process has not ended.
    """
    if is_run_elsewhere(db, sweep_id, owner):
        raise SettingError("sweep", RUN_ELSEWHERE)
    beat = (owner, time(), sweep_id)
    db.execute("UPDATE sweeps SET owner = ?, heartbeat = ? WHERE id = ?", beat)


def is_run_elsewhere(db: sqlite3.Connection, sweep_id: str, owner: str) -> bool:
    """Return whether another owner, which has not ended, has the lease of a sweep."""
    row = db.execute("SELECT owner, heartbeat FROM sweeps WHERE id = ?", (sweep_id,)).fetchone()
    if row is None or not row[0]:  # released
        return False
    return is_lease_of_another(*row, owner, SWEEP_LEASE_SECONDS)


def release_sweep(db: sqlite3.Connection, sweep_id: str, owner: str) -> None:
    """Release the lease of a sweep."""
    db.execute("UPDATE sweeps SET owner = '' WHERE id = ? AND owner = ?", (sweep_id, owner))


def list_sweeps(db: sqlite3.Connection, user: str) -> list[SweepRow]:
    """Return the sweeps of a user, the newest last."""
    # As bytes: a query fails as a whole on one text that is not UTF-8.
    rows = db.execute(
        "SELECT sweeps.id, CAST(name AS BLOB), CAST(plan AS BLOB), created FROM sweeps "
        "JOIN workspaces ON workspace = workspaces.id WHERE user = ? "
        "ORDER BY created, sweeps.rowid",
        (user,),
    )
    return [SweepRow(id_, name.decode(errors="replace"), *rest) for id_, name, *rest in rows]


def stored_runs(db: sqlite3.Connection, sweep_id: str) -> dict[str, StoredRun]:
    """Return each run of a sweep that is in the store, by its id."""
    rows = db.execute(
        "SELECT runs.id, runs.name, step, epoch FROM trials JOIN runs ON run = runs.id "
        "WHERE sweep = ?",
        (sweep_id,),
    )
    return {run: StoredRun(*rest) for run, *rest in rows}
