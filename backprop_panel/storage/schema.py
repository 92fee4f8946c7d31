"""The tables of a store's file, and the migrations from each format to the next."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import numpy as np

from ..training.event_json import from_json
from ..training.event_log import loss_since
from .run_summary import Losses, losses_of
from .serialization import Damaged, unpack_arrays, unpack_json, unpack_unchecked_state

APPLICATION = 0x62707374
"""SQLite's application id of a store: ``bpst``."""


def canonical_digests(db: sqlite3.Connection) -> None:
    """Compute the digests of states from canonical JSON.

    The first format computed them from the `repr` of the settings, which changes when NumPy's
    numbers are stored. Such a state cannot be distinguished from a damaged one, so each state that
    can be unpacked gets a new digest; the others stay, and are reported as damaged when read.
    """
    for table in ("states", "checkpoints"):
        for (row,) in db.execute(f"SELECT rowid FROM {table}").fetchall():
            found = db.execute(f"SELECT meta, tensors FROM {table} WHERE rowid = ?", (row,))
            try:
                digest = unpack_unchecked_state(*found.fetchone()).digest()
            except Damaged:
                continue
            db.execute(f"UPDATE {table} SET digest = ? WHERE rowid = ?", (digest, row))


def best_losses(db: sqlite3.Connection) -> None:
    """Compute the best losses anew: earlier formats had that of a single batch.

    A run that cannot be read keeps what it has; it is reported when it is opened.
    """
    db.execute("ALTER TABLE runs ADD COLUMN best_of TEXT NOT NULL DEFAULT ''")
    for (run,) in db.execute("SELECT id FROM runs").fetchall():
        try:
            _, best, best_of = _losses_of(db, run)
        except (ValueError, KeyError, sqlite3.DatabaseError):
            continue
        db.execute("UPDATE runs SET best_loss = ?, best_of = ? WHERE id = ?", (best, best_of, run))


def _losses_of(db: sqlite3.Connection, run: str) -> Losses:
    chunks = db.execute("SELECT columns FROM history WHERE run = ? ORDER BY first", (run,))
    columns = [unpack_arrays(packed) for (packed,) in chunks]
    if not columns:
        return Losses()
    changes = db.execute(
        "SELECT event FROM events WHERE run = ? AND event LIKE '%loss_type%' ORDER BY number",
        (run,),
    )
    since = loss_since([from_json(unpack_json(event)) for (event,) in changes])
    names = ("loss", "validation_loss")
    return losses_of({name: np.concatenate([c[name] for c in columns]) for name in names}, since)


Migration = str | Callable[[sqlite3.Connection], None]

MIGRATIONS: tuple[Migration, ...] = (
    """
    CREATE TABLE workspaces (
        id INTEGER PRIMARY KEY,
        user TEXT NOT NULL UNIQUE,
        current TEXT  -- the run used last
    ) STRICT;
    CREATE TABLE runs (
        id TEXT PRIMARY KEY,
        workspace INTEGER NOT NULL REFERENCES workspaces ON DELETE CASCADE,
        name TEXT NOT NULL,
        config TEXT NOT NULL,
        parent TEXT,  -- may be deleted, so it refers to nothing
        parent_step INTEGER,
        position INTEGER NOT NULL,
        generation INTEGER NOT NULL DEFAULT 0,  -- grows when its past is replaced: a reset
        saves INTEGER NOT NULL DEFAULT 0,  -- grows whenever it is saved
        UNIQUE (workspace, name)
    ) STRICT;
    CREATE TABLE states (
        run TEXT PRIMARY KEY REFERENCES runs ON DELETE CASCADE,
        digest TEXT NOT NULL,
        meta TEXT NOT NULL,
        tensors BLOB NOT NULL
    ) STRICT;
    CREATE TABLE checkpoints (
        run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
        step INTEGER NOT NULL,
        digest TEXT NOT NULL,
        meta TEXT NOT NULL,
        tensors BLOB NOT NULL,
        UNIQUE (run, step)
    ) STRICT;
    CREATE TABLE events (
        run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
        number INTEGER NOT NULL,
        event TEXT NOT NULL,
        PRIMARY KEY (run, number)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE history (
        run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
        first INTEGER NOT NULL,
        columns BLOB NOT NULL,
        UNIQUE (run, first)
    ) STRICT;
    CREATE TABLE leases (
        run TEXT PRIMARY KEY REFERENCES runs ON DELETE CASCADE,
        owner TEXT NOT NULL,
        heartbeat REAL NOT NULL
    ) STRICT
    """,
    canonical_digests,
    """
    CREATE TABLE tensors (  -- weights that were loaded, which events refer to
        run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
        digest TEXT NOT NULL,
        data BLOB NOT NULL,
        UNIQUE (run, digest)
    ) STRICT
    """,
    # The summary of a run, as the table of runs shows it. The settings are NULL until a run that
    # was saved in an older format is saved again; a loss is NULL if it is not a number.
    """
    ALTER TABLE runs ADD COLUMN step INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE runs ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE runs ADD COLUMN settings TEXT;
    ALTER TABLE runs ADD COLUMN last_loss REAL;
    ALTER TABLE runs ADD COLUMN best_loss REAL
    """,
    # Whether a run trains or is only visualized, if that was changed after its creation.
    "ALTER TABLE runs ADD COLUMN mode TEXT",
    """
    CREATE TABLE health (  -- measures of the layers at some steps, as 32-bit floats
        run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
        step INTEGER NOT NULL,
        layers BLOB NOT NULL,
        UNIQUE (run, step)
    ) STRICT
    """,
    # What the best loss is of: the validation losses, or means of batch losses.
    best_losses,
    """
    CREATE TABLE sweeps (
        id TEXT PRIMARY KEY,
        workspace INTEGER NOT NULL REFERENCES workspaces ON DELETE CASCADE,
        name TEXT NOT NULL,
        plan TEXT NOT NULL,
        created REAL NOT NULL,
        owner TEXT NOT NULL DEFAULT '',  -- who trains its runs
        heartbeat REAL NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE trials (  -- the runs of sweeps, once they have begun
        sweep TEXT NOT NULL REFERENCES sweeps ON DELETE CASCADE,
        number INTEGER NOT NULL,
        run TEXT NOT NULL,  -- not in the store before its first checkpoint, or once deleted
        settings TEXT NOT NULL,
        status TEXT NOT NULL,
        reason TEXT NOT NULL,
        rungs TEXT NOT NULL,  -- its scores at the rungs of successive halving
        PRIMARY KEY (sweep, number)
    ) STRICT, WITHOUT ROWID
    """,
    # The losses of the runs of sweeps, NULL for those of an older format; and the last position of
    # thousands of runs without reading them all.
    """
    ALTER TABLE trials ADD COLUMN score TEXT;
    CREATE INDEX runs_by_position ON runs (position)
    """,
)
"""The steps from each format to the next; a file's format is the number of those done."""


def newest_format() -> int:
    """Return the format that this version of the package writes."""
    return len(MIGRATIONS)


def migrate(db: sqlite3.Connection) -> None:
    """Bring a file to the newest format, in one transaction."""
    # Begun even if there is nothing to migrate: a file that cannot be written fails here.
    db.execute("BEGIN IMMEDIATE")
    try:
        version = pragma(db, "user_version")
        for migration in MIGRATIONS[version:]:
            _apply(migration, db)
        if version < len(MIGRATIONS):
            db.execute(f"PRAGMA application_id = {APPLICATION}")
            db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        db.execute("COMMIT")
    except BaseException:
        # After some failures, such as a full disk, SQLite has rolled back already.
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _apply(migration: Migration, db: sqlite3.Connection) -> None:
    if callable(migration):
        migration(db)
        return
    for statement in _without_comments(migration).split(";"):
        db.execute(statement)


def _without_comments(statements: str) -> str:
    """Remove the comments, which may contain semicolons."""
    return "\n".join(line.split("--")[0] for line in statements.splitlines())


def pragma(db: sqlite3.Connection, name: str) -> int:
    """Return the value of a pragma."""
    return db.execute(f"PRAGMA {name}").fetchone()[0]
