"""The SQLite file of a store: its transactions, and its failures in words."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from ..interrupts import interrupts_deferred
from ..settings import SettingError, shortened, shown, shown_path
from .connection import FULL_DISK, FileIds, Unfit, file_ids, has_log, open_database
from .saving_thread import Saver, SavingThread
from .serialization import Damaged

EXPLANATIONS = {
    sqlite3.SQLITE_FULL: "cannot be written: the disk is full",
    sqlite3.SQLITE_READONLY: "cannot be written: it, or its folder, is read-only",
    sqlite3.SQLITE_PERM: "cannot be opened: that is not permitted",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened: there is no such folder, or it is not permitted",
    sqlite3.SQLITE_NOTADB: "is not a database, or its beginning is damaged",
    sqlite3.SQLITE_BUSY: "is kept busy by another program",
    sqlite3.SQLITE_IOERR: "cannot be read or written: the disk failed",
}

UNREADABLE = "SQLite cannot read all of it"


class StoreError(SettingError):
    """A store cannot be read or written; the message names it and the reason."""

    def __init__(self, message: str) -> None:
        super().__init__("store", message)


class DamagedStore(StoreError):
    """A store does not hold what was written to it.

    Parameters
    ----------
    path : Path
    reason : str
        What is damaged, as the rest of a sentence.
    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"The store {shown_path(path)} is damaged: {reason}.")
        self.reason = reason


class Store:
    """One SQLite file with the runs of several users, used by several processes at once.

    Parameters
    ----------
    path : str or Path
        Created if it does not exist.

    Attributes
    ----------
    unwritable : str
        Why the file can only be looked at, as the rest of a sentence; empty if it can be written.

    Raises
    ------
    StoreError
        If it cannot be opened, is damaged, or is not a store; the file stays unchanged.
    """

    def __init__(self, path: str | Path) -> None:
        _refuse_no_path(path)
        self.path, self.unwritable = Path(path), ""
        self._lock = Lock()
        self._files: FileIds | None = None
        with self._explained():
            self._db, self.unwritable = open_database(self.path)
        self._files = file_ids(self.path)
        self._saving = SavingThread()

    @property
    def read_only(self) -> bool:
        """Whether its runs can be viewed only."""
        return bool(self.unwritable)

    @property
    def notice(self) -> str:
        """Why nothing can be saved, if that is so whatever is written; else empty."""
        store = f"The store {shown_path(self.path)}"
        if self.read_only:
            again = " Make room, then open it again: on a page, reload it."
            return (
                f"{store} {self.unwritable}: its runs are shown, but what is done here is not "
                f"saved.{again if self.unwritable == FULL_DISK else ''}"
            )
        if self.is_replaced:
            # SQLite goes on in the file that has no name any more, and that nobody can open.
            return (
                f"{store} was deleted, moved, emptied or replaced while it was open: what is done "
                "here is not saved. Export the runs that you need, then open the store again: on a "
                "page, reload it."
            )
        return ""

    @property
    def is_replaced(self) -> bool:
        """Whether another file, or none, stands at its path since it was opened.

        What is read then may be of either: a file at the same path has the same log of changes.
        """
        return self._files is not None and file_ids(self.path) != self._files

    @contextmanager
    def transaction(self, writing: bool = True) -> Iterator[sqlite3.Connection]:
        """Run a block as one transaction: its reads are consistent, its writes all or nothing.

        Raises
        ------
        StoreError
        """
        if writing and (notice := self.notice):
            raise StoreError(notice)
        with interrupts_deferred(), self._lock, self._explained():
            try:
                self._db.execute("BEGIN IMMEDIATE" if writing else "BEGIN")
                yield self._db
                # A reading transaction is rolled back: after an unreadable page, commits fail.
                self._db.execute("COMMIT" if writing else "ROLLBACK")
            except BaseException:
                # After some failures, such as a full disk, SQLite has rolled back already.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def attach(self, saver: Saver) -> None:
        """Call a manager's `save` regularly from now on."""
        self._saving.savers.append(saver)

    def detach(self, saver: Saver) -> None:
        """Stop calling a manager's `save`."""
        self._saving.savers.remove(saver)

    def close(self) -> None:
        """Close the file. Unsaved changes are lost: close the managers first."""
        self._saving.stop()
        with self._lock:
            self._db.close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn errors of the file into a `StoreError` with a readable message."""
        try:
            yield
        except sqlite3.Error as error:
            if notice := self.notice:
                raise StoreError(notice) from error
            # The low byte is the primary error code; the others are details.
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
            if code == sqlite3.SQLITE_CORRUPT:
                raise DamagedStore(self.path, UNREADABLE) from error
            problem = EXPLANATIONS.get(code, f"cannot be used: {shortened(error)}")
            raise StoreError(f"The store {shown_path(self.path)} {problem}.") from error
        except UnicodeDecodeError as error:  # SQLite quotes the damaged text
            raise DamagedStore(self.path, UNREADABLE) from error
        except Damaged as error:
            raise DamagedStore(self.path, str(error)) from error
        except Unfit as error:
            raise StoreError(f"The store {shown_path(self.path)} {error}.") from error
        except OSError as error:
            reason = error.strerror or error
            raise StoreError(
                f"The store {shown_path(self.path)} cannot be opened: {reason}."
            ) from error


def refuse_no_store(path: str | Path) -> None:
    """Raise `SettingError` if there is no store in a file: to look into it makes none."""
    path = Path(path)
    if not path.exists():
        raise SettingError("store", f"There is no store {path}.")
    if path.is_file() and not path.stat().st_size and not has_log(path):
        raise SettingError("store", f"There is no store in {path}: the file is empty.")


def _refuse_no_path(path: Any) -> None:
    if not isinstance(path, (str, os.PathLike)) or not str(path):
        raise StoreError(f"A store needs the path of a file, got {shown(path)}.")
    try:
        named = b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        named = False
    if not named:
        raise StoreError(f"The store {shown_path(path)} cannot be opened: no file has such a name.")
