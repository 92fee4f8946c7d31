"""Opening a store's file: made, migrated or read-only; refused if it is not a store."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from time import monotonic, sleep

from . import schema
from .schema import APPLICATION, migrate, pragma

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
        migrate(db)
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
        if pragma(db, "user_version") < schema.newest_format():
            original, db = db, _connected("")  # a temporary file
            original.backup(db)
            original.close()
            migrate(db)
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
    page_size, size = pragma(db, "page_size"), path.stat().st_size
    if size % page_size and not _has_log(path):
        raise Unfit(f"is damaged: it ends within a page, after {size} bytes")
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and pragma(db, "application_id") != APPLICATION:
        raise Unfit("is the database of another program")
    if (version := pragma(db, "user_version")) > schema.newest_format():
        raise Unfit(
            f"has the format {version}, and this version of backprop_panel knows formats up to "
            f"{schema.newest_format()}: a newer one made it, and is needed to open it"
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
