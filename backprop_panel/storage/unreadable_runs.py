"""Unreadable runs of a store: listed with the reason, and exported as raw rows."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass


@dataclass(frozen=True)
class UnreadableRun:
    """A run in a store that cannot be read.

    Attributes
    ----------
    id, name : str
    reason : str
        Why it cannot be read.
    saves : int
        How often it was saved: reading it is tried again once this number changes.
    position : int
        Its place in the order of the runs.
    """

    id: str
    name: str
    reason: str
    saves: int
    position: int


def raw_copy(db: sqlite3.Connection, run_id: str) -> bytes:
    """Return a store's file with the rows of a single run, unread.

    Rows that SQLite cannot read are left out.

    Parameters
    ----------
    db : sqlite3.Connection
        Of a whole store, within a transaction.
    run_id : str
    """
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as copy:
        tables = _copy_schema(db, copy)
        copy.execute("INSERT INTO workspaces (id, user, current) VALUES (1, '', ?)", (run_id,))
        for table in tables:
            columns = [name for _, name, *_ in db.execute(f"PRAGMA table_info({table})")]
            key = "id" if table == "runs" else "run"
            if key not in columns or table == "leases":
                continue
            places = ", ".join("?" * len(columns))
            with suppress(sqlite3.DatabaseError):
                for row in db.execute(f"SELECT * FROM {table} WHERE {key} = ?", (run_id,)):
                    copy.execute(f"INSERT INTO {table} VALUES ({places})", row)
        copy.execute("UPDATE runs SET workspace = 1")
        return copy.serialize()


def _copy_schema(db: sqlite3.Connection, copy: sqlite3.Connection) -> list[str]:
    """Make the tables of one database in another, and return their names."""
    for pragma in ("application_id", "user_version"):
        (value,) = db.execute(f"PRAGMA {pragma}").fetchone()
        copy.execute(f"PRAGMA {pragma} = {value}")
    tables = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
    for _, statement in tables:
        copy.execute(statement)
    return [name for name, _ in tables if name != "workspaces"]
