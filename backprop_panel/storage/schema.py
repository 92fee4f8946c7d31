"""What a store's file holds, version after version, and how a file is found to be one."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

from .serialization import Damaged, read_state

APPLICATION = 0x62707374
"""SQLite's mark for whose file it is: ``bpst``."""


def canonical_digests(db: sqlite3.Connection) -> None:
    """Make the digests of states from canonical JSON.

    They were made from the `repr` of the settings before, which is not that of the stored settings
    where these were NumPy's numbers. Such a state cannot be told from a damaged one, so each that
    is whole is taken; one that is not stays as it is and is found to be damaged when it is read.
    """
    for table in ("states", "checkpoints"):
        for (row,) in db.execute(f"SELECT rowid FROM {table}").fetchall():
            found = db.execute(f"SELECT meta, tensors FROM {table} WHERE rowid = ?", (row,))
            try:
                digest = read_state(*found.fetchone()).digest()
            except Damaged:
                continue
            db.execute(f"UPDATE {table} SET digest = ? WHERE rowid = ?", (digest, row))


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
)
"""What leads from each version to the next; a file's version is how many were done."""

BUSY_SECONDS = 20
"""How long one waits for another process that is writing."""

RETRY_SECONDS = 0.01
"""Between two attempts at what SQLite does not wait for itself."""


class Unfit(Exception):
    """A file that is no store of ours, or not one that this version can read."""


def open_database(path: Path) -> tuple[sqlite3.Connection, bool]:
    """Open a store's file, and tell whether it can only be read.

    It is made or migrated if need be; a file that is unfit stays as it is.

    Raises
    ------
    Unfit
    sqlite3.Error, OSError
    """
    if path.is_file() and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        return _open_read_only(path), True
    path.parent.mkdir(parents=True, exist_ok=True)
    db = _connected(path)
    try:
        _refuse_what_is_unfit(db, path)
        _log_ahead(db)
        # With each transaction, so that what was saved survives a loss of power as well.
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA foreign_keys = ON")
        _migrate(db)
    except BaseException:
        db.close()
        raise
    return db, False


def _open_read_only(path: Path) -> sqlite3.Connection:
    """Open a file that cannot be written; one of an older version as a migrated copy."""
    address = f"{path.absolute().as_uri()}?mode=ro"
    if not os.access(path.parent, os.W_OK) and not _has_log(path):
        # SQLite makes files beside one that others may write, and cannot do so here.
        address += "&immutable=1"
    db = _connected(address, uri=True)
    try:
        _refuse_what_is_unfit(db, path)
        if _pragma(db, "user_version") < len(MIGRATIONS):
            original, db = db, _connected("")  # a temporary file
            original.backup(db)
            original.close()
            _migrate(db)
        db.execute("PRAGMA query_only = 1")
    except BaseException:
        db.close()
        raise
    return db


def _connected(address: Path | str, uri: bool = False) -> sqlite3.Connection:
    # Threads take turns with the connection by the store's lock.
    return sqlite3.connect(
        address, BUSY_SECONDS, isolation_level=None, check_same_thread=False, uri=uri
    )


def _has_log(path: Path) -> bool:
    log = path.with_name(path.name + "-wal")
    return log.exists() and log.stat().st_size > 0


def _refuse_what_is_unfit(db: sqlite3.Connection, path: Path) -> None:
    # SQLite itself sees that pages are missing, but not that a part of the last one is.
    page_size, size = _pragma(db, "page_size"), path.stat().st_size
    if size % page_size and not _has_log(path):
        raise Unfit(f"is damaged: it ends within a page, after {size} bytes")
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and _pragma(db, "application_id") != APPLICATION:
        raise Unfit("is the database of another program")
    if (version := _pragma(db, "user_version")) > len(MIGRATIONS):
        raise Unfit(
            f"has the format {version}, and this version of backprop_panel knows formats up to "
            f"{len(MIGRATIONS)}: a newer one made it, and is needed to open it"
        )


def _log_ahead(db: sqlite3.Connection) -> None:
    """Let readers go on while one writes: changes go to a log beside the file."""
    until = monotonic() + BUSY_SECONDS
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            # Of two that open a new file at once SQLite refuses one on the spot: it reads already
            # when it asks to write, and so would wait for ever for the other, which waits for it.
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() > until:
                raise
            sleep(RETRY_SECONDS)


def _migrate(db: sqlite3.Connection) -> None:
    # Begun even if there is nothing to migrate: a file that cannot be written shows it here.
    db.execute("BEGIN IMMEDIATE")
    try:
        version = _pragma(db, "user_version")
        for migration in MIGRATIONS[version:]:
            _apply(migration, db)
        if version < len(MIGRATIONS):
            db.execute(f"PRAGMA application_id = {APPLICATION}")
            db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise


def _apply(migration: Migration, db: sqlite3.Connection) -> None:
    if callable(migration):
        migration(db)
        return
    for statement in _without_comments(migration).split(";"):
        db.execute(statement)


def _without_comments(statements: str) -> str:
    """Leave out the comments, in which a semicolon may stand."""
    return "\n".join(line.split("--")[0] for line in statements.splitlines())


def _pragma(db: sqlite3.Connection, name: str) -> int:
    return db.execute(f"PRAGMA {name}").fetchone()[0]
