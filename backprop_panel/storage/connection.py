"""Opening a store's file: made, migrated or read-only; refused if it is not a store."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from time import monotonic, sleep

from . import schema
from .schema import APPLICATION, migrate, pragma

BUSY_SECONDS = 20
"""How long to wait for another process that is writing."""

RETRY_SECONDS = 0.01
"""The time between two attempts where SQLite itself does not wait."""

READ_ONLY = "is read-only"
FULL_DISK = "is on a full disk"
"""Why a store can only be looked at."""


class Unfit(Exception):
    """A file is not a store, or not one that this version can read."""


def open_database(path: Path) -> tuple[sqlite3.Connection, str]:
    """Open a store's file; return the connection, and why it cannot be written, empty if it can.

    The file is created or migrated if necessary; an unfit file stays unchanged.

    Raises
    ------
    Unfit
    sqlite3.Error, OSError
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise Unfit("is not a plain file")  # SQLite would report a failed disk
    if path.is_file() and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        return _open_read_only(path), READ_ONLY
    path.parent.mkdir(parents=True, exist_ok=True)
    db = _connected(path)
    try:
        _refuse_unfit(db, path)
        _use_write_ahead_log(db)
        # The disk is synchronized with each transaction, so that saves survive a power failure.
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA foreign_keys = ON")
        migrate(db)
    except BaseException as error:
        db.close()
        if isinstance(error, sqlite3.OperationalError) and _has_no_room(error):
            return _open_copy(path), FULL_DISK
        raise
    return db, ""


FileIds = list[tuple[int, int] | None]


def file_ids(path: Path) -> FileIds:
    """Return the identities of a store's file and of its log; None for one that is not there.

    A file of a store that was emptied counts as gone: it has at least a page from its opening on.
    """
    file, log = (_status(each) for each in (path, _log(path)))
    return [_id_of(file) if file and file.st_size else None, _id_of(log) if log else None]


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def _id_of(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _open_read_only(path: Path) -> sqlite3.Connection:
    """Open a file that cannot be written; one of an older format as a migrated copy."""
    address = f"{path.absolute().as_uri()}?mode=ro"
    if not os.access(path.parent, os.W_OK) and not has_log(path):
        # Otherwise SQLite would create files in the folder, which it cannot.
        address += "&immutable=1"
    db = _connected(address, uri=True)
    try:
        _refuse_unfit(db, path)
        if pragma(db, "user_version") < schema.newest_format():
            original, db = db, _migrated_copy(db, "")  # in a temporary file
            original.close()
        db.execute("PRAGMA query_only = 1")
    except BaseException:
        db.close()
        raise
    return db


def _has_no_room(error: sqlite3.OperationalError) -> bool:
    """Tell whether a disk is full: for the file, or for that which other processes share."""
    code = error.sqlite_errorcode
    return code == sqlite3.SQLITE_IOERR_SHMSIZE or code & 0xFF == sqlite3.SQLITE_FULL


def _open_copy(path: Path) -> sqlite3.Connection:
    """Return a migrated copy, in memory, of a file on a full disk."""
    original = _connected(path)
    try:
        original.execute("PRAGMA locking_mode = EXCLUSIVE")  # SQLite then shares no file
        _refuse_unfit(original, path)
        db = _migrated_copy(original, ":memory:")
    finally:
        original.close()
    db.execute("PRAGMA query_only = 1")
    return db


def _migrated_copy(original: sqlite3.Connection, address: str) -> sqlite3.Connection:
    """Return a copy in the newest format, at an address of SQLite's own."""
    db = _connected(address)
    original.backup(db)
    migrate(db)
    return db


def _connected(address: Path | str, uri: bool = False) -> sqlite3.Connection:
    # The store's lock serializes the threads.
    return sqlite3.connect(
        address, BUSY_SECONDS, isolation_level=None, check_same_thread=False, uri=uri
    )


def _log(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def has_log(path: Path) -> bool:
    """Tell whether a write-ahead log holds what is not in a store's file yet."""
    log = _log(path)
    return log.exists() and log.stat().st_size > 0


def _refuse_unfit(db: sqlite3.Connection, path: Path) -> None:
    # First, as it raises for a file that is no database.
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    # SQLite detects missing pages, but not a last page that is cut short.
    page_size, size = pragma(db, "page_size"), path.stat().st_size
    if size % page_size and not has_log(path):
        raise Unfit(f"is damaged: it ends within a page, after {size} bytes")
    if tables and pragma(db, "application_id") != APPLICATION:
        raise Unfit("is the database of another program")
    if (version := pragma(db, "user_version")) > schema.newest_format():
        raise Unfit(
            f"has the format {version}, and this version of backprop_panel knows formats up to "
            f"{schema.newest_format()}: a newer one made it, and is needed to open it"
        )


def _use_write_ahead_log(db: sqlite3.Connection) -> None:
    """Use a write-ahead log, so that reading continues while another process writes."""
    until = monotonic() + BUSY_SECONDS
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            # If two processes open a new file at once, SQLite refuses one at once: it holds a read
            # lock when it asks for the write lock, so that waiting would be a deadlock.
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() > until:
                raise
            sleep(RETRY_SECONDS)
