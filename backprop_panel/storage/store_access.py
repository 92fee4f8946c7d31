"""A manager's access to its store: transactions, and the reason why changes are not saved."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import Lock
from weakref import WeakSet

from .database import Store, StoreError

_open: WeakSet[StoreAccess] = WeakSet()
_opening = Lock()


class StoreAccess:
    """Transactions of one manager in a store; a failure to save is kept in `problem`.

    Parameters
    ----------
    store : Store
    user : str
        The owner of the runs: each of its managers tells the problem of any of them.
    """

    def __init__(self, store: Store, user: str) -> None:
        self._store = store
        self._owner = store.path.absolute(), user
        self._failure = ""
        self._losses: dict[str, str] = {}
        with _opening:
            _open.add(self)

    @property
    def problem(self) -> str:
        """Why changes are not in the file; empty if the last ones are.

        What a run has lost stays until that run is saved again, whatever is saved meanwhile.
        """
        return self._store.notice or self._failures or self._failures_elsewhere()

    @property
    def _failures(self) -> str:
        return " ".join(filter(None, [*self._losses.values(), self._failure]))

    def _failures_elsewhere(self) -> str:
        """Return what another manager of the owner could not save: this page has its runs too."""
        with _opening:
            others = [each for each in _open if each._owner == self._owner]
        # One whose file was replaced is in another file.
        return next(
            (each._failures for each in others if each._failures and not each._store.notice), ""
        )

    def close(self) -> None:
        """Tell the problem to no other manager from now on."""
        with _opening:
            _open.discard(self)

    def reading(self) -> AbstractContextManager[sqlite3.Connection]:
        """Return a transaction that reads.

        Raises
        ------
        StoreError
        """
        return self._store.transaction(writing=False)

    def writing(self) -> AbstractContextManager[sqlite3.Connection]:
        """Return a transaction that writes.

        Raises
        ------
        StoreError
        """
        return self._store.transaction()

    def attempt(self, action: Callable[[sqlite3.Connection], object]) -> bool:
        """Run `action` in one transaction; a failure of the store is reported as the problem."""
        try:
            with self.writing() as db:
                action(db)
        except StoreError as error:
            self.report(error)
            return False
        return True

    def report(self, reason: Exception | str) -> None:
        """Keep a reason as the problem; while the store has a notice, that is the reason."""
        self._failure = "" if self._store.notice else str(reason)

    def report_loss(self, run_id: str, message: str) -> None:
        """Keep as a problem that changes of a run are lost."""
        self._losses[run_id] = message

    def clear_loss(self, run_id: str) -> None:
        """Forget what a run has lost: it is saved again, or gone."""
        self._losses.pop(run_id, None)

    def clear(self) -> None:
        """Forget the failure, as all changes are saved."""
        self._failure = ""
