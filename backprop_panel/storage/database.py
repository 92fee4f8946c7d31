"""The file that makes runs last, and the thread that saves into it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Lock, Thread
from time import thread_time
from typing import Protocol

from ..settings import SettingError
from .connection import Unfit, open_database
from .serialization import Damaged

SAVE_SECONDS = 0.5
"""Between two saves. What was done is on disk within twice that; of networks with megabytes of
weights, whose saving would slow the training down, a little later."""

COPY_SHARE = 0.02
"""Of the training time, the most that copying what is saved takes."""

SAVING_SHARE = 0.1
"""Of one processor, the most that saving takes."""

EXPLANATIONS = {
    sqlite3.SQLITE_FULL: "cannot be written: the disk is full",
    sqlite3.SQLITE_READONLY: "cannot be written: it, or its folder, is read-only",
    sqlite3.SQLITE_PERM: "cannot be opened: that is not permitted",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened: there is no such folder, or it is not permitted",
    sqlite3.SQLITE_NOTADB: "is not a database, or its beginning is damaged",
    sqlite3.SQLITE_BUSY: "is kept busy by another program",
    sqlite3.SQLITE_IOERR: "cannot be read or written: the disk failed",
}


class StoreError(SettingError):
    """A store that cannot be read or written; the message says which, and why."""

    def __init__(self, message: str) -> None:
        super().__init__("store", message)


class DamagedStore(StoreError):
    """What was read from a store is not what was written.

    Parameters
    ----------
    path : Path
    reason : str
        What is damaged, as the rest of a sentence.
    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"The store {str(path)!r} is damaged: {reason}.")
        self.reason = reason


class Saves(Protocol):
    """What the thread saves for: a manager's `Shelf`."""

    def save(self) -> float:
        """Save what is new, and return for how many seconds training waited."""


class Store:
    """One SQLite file in which runs last, those of many people and in several processes at once.

    Parameters
    ----------
    path : str or Path
        Made if it is not there.

    Attributes
    ----------
    read_only : bool
        Whether the file, or its folder, cannot be written: its runs are there to look at.

    Raises
    ------
    StoreError
        If it cannot be opened, or is damaged, or is something else. It is left as it is then.
    """

    def __init__(self, path: str | Path) -> None:
        self.path, self.read_only = Path(path), False
        self._lock = Lock()
        with self._explained():
            self._db, self.read_only = open_database(self.path)
        self._shelves: list[Saves] = []
        self._closing = Event()
        self._saver = Thread(target=self._save, name="saving", daemon=True)
        self._saver.start()

    @property
    def notice(self) -> str:
        """What to say about the file as long as nothing else is wrong; empty: nothing."""
        if not self.read_only:
            return ""
        return (
            f"The store {str(self.path)!r} is read-only: its runs are shown, but what is done here "
            "is not saved."
        )

    @contextmanager
    def transaction(self, writing: bool = True) -> Iterator[sqlite3.Connection]:
        """Do all of a block in the file or nothing; what is read is of one moment.

        Raises
        ------
        StoreError
        """
        with self._lock, self._explained():
            self._db.execute("BEGIN IMMEDIATE" if writing else "BEGIN")
            try:
                yield self._db
                # SQLite refuses to commit after it met pages that it cannot read.
                self._db.execute("COMMIT" if writing else "ROLLBACK")
            except BaseException:
                # Some failures, a full disk among them, have rolled back already.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def attach(self, shelf: Saves) -> None:
        """Save for a manager from now on."""
        self._shelves.append(shelf)

    def detach(self, shelf: Saves) -> None:
        """Save no longer for it."""
        self._shelves.remove(shelf)

    def close(self) -> None:
        """Close the file. What is not saved yet is lost: managers are closed before."""
        self._closing.set()
        self._saver.join()
        with self._lock:
            self._db.close()

    def _save(self) -> None:
        pause = SAVE_SECONDS
        while not self._closing.wait(pause):
            begin = thread_time()
            copying = sum(shelf.save() for shelf in list(self._shelves))
            saving = thread_time() - begin
            pause = max(SAVE_SECONDS, copying / COPY_SHARE, saving / SAVING_SHARE)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say in words what went wrong with the file."""
        try:
            yield
        except sqlite3.Error as error:
            # The low byte is the kind; the others say more than helps.
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
            if code == sqlite3.SQLITE_READONLY and self.notice:
                raise StoreError(self.notice) from error
            if code == sqlite3.SQLITE_CORRUPT:
                raise DamagedStore(self.path, "SQLite cannot read all of it") from error
            problem = EXPLANATIONS.get(code, f"cannot be used: {error}")
            raise StoreError(f"The store {str(self.path)!r} {problem}.") from error
        except Damaged as error:
            raise DamagedStore(self.path, str(error)) from error
        except Unfit as error:
            raise StoreError(f"The store {str(self.path)!r} {error}.") from error
        except OSError as error:
            reason = error.strerror or error
            raise StoreError(f"The store {str(self.path)!r} cannot be opened: {reason}.") from error
