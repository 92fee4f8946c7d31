"""The link of a manager to its store, by which its runs are saved; without one, they are not."""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..settings import SettingError, shown
from ..storage.autosave import Autosave
from ..storage.database import Store, StoreError

if TYPE_CHECKING:
    from .run import TrainingRun


class StoreLink:
    """Saves the runs of a manager in a store until it is closed; in memory, it saves nothing.

    Parameters
    ----------
    store : str, Path or Store, optional
        A file, which is opened and closed here, or a store that is open; None: in memory.
    user : str

    Attributes
    ----------
    autosave : Autosave or None
        None in memory, and once the link is closed.
    """

    def __init__(self, store: str | Path | Store | None = None, user: str = "") -> None:
        self.autosave: Autosave | None = None
        self._own_store: Store | None = None
        self._closed, self._last_problem = False, ""
        self._process = os.getpid()
        if isinstance(store, (str, Path)):
            store = self._own_store = Store(store)
        elif store is not None and not isinstance(store, Store):
            raise SettingError("store", f"store must be a path, or None, got {shown(store)}.")
        self._store = store
        if store is not None:
            try:
                self.autosave = Autosave(store, user)
            except BaseException:
                self.close()
                raise

    @property
    def is_open(self) -> bool:
        """Whether runs are saved in a store."""
        return self.autosave is not None

    @property
    def store(self) -> Store | None:
        """The store of the runs; None in memory, and once the link is closed."""
        return self._store if self.is_open else None

    @property
    def problem(self) -> str:
        """Why changes are not in the store; empty if the last ones are."""
        return self._last_problem if self.autosave is None else self.autosave.problem

    def refuse_if_closed(self) -> None:
        """Raise `StoreError` if the link was closed."""
        if self._closed:
            raise StoreError(
                "This manager is closed, and saves nothing more: open the store again."
            )

    def add(self, run: TrainingRun, stem: str | None) -> None:
        """Save a run from now on; see `Autosave.add`."""
        self.refuse_if_closed()
        if self.autosave is not None:
            self.autosave.add(run, stem)

    def add_draft(self, run: TrainingRun, stem: str, replacing: TrainingRun | None) -> None:
        """Save a run from its first event on, and another one no more."""
        if self.autosave is not None:
            self.autosave.add_draft(run, stem)
            if replacing is not None:
                self.autosave.forget(replacing)

    def store_draft(self, run: TrainingRun) -> None:
        """Store a run now if it is a draft."""
        if self.autosave is not None:
            self.autosave.store_draft(run)

    def use(self, run: TrainingRun | None) -> None:
        """Store which run is current."""
        if self.autosave is not None and run is not None:
            self.autosave.use(run)

    def rename(self, run: TrainingRun, name: str) -> None:
        """Rename a run in the store."""
        if self.autosave is not None:
            self.autosave.rename(run, name)

    def delete(self, run: TrainingRun, others: Sequence[TrainingRun]) -> None:
        """Delete a run in the store, which has at least one of the others then."""
        if self.autosave is not None:
            stored = self.autosave.has_stored
            if stored(run) and not any(map(stored, others)):
                self.autosave.store_draft(others[0])
            self.autosave.delete(run)

    def give_back(self) -> None:
        """Save everything, and release the leases of the runs that nothing trains here."""
        if self.autosave is not None:
            self.autosave.give_back()

    def close_at_exit(self, close: Callable[[], None]) -> None:
        """Call `close` when Python ends, unless this process is forked from the one that opened."""
        self._close = close
        atexit.register(self._close_in_own_process)

    def _close_in_own_process(self) -> None:
        # A process forked from this one must not write to the file.
        if os.getpid() == self._process:
            self._close()

    def close(self) -> None:
        """Save everything, and close a store that was opened here."""
        atexit.unregister(self._close_in_own_process)
        if self.autosave is not None:
            self.autosave.close()
            self._last_problem, self.autosave = self.autosave.problem, None
            self._closed = True
        if self._own_store is not None:
            self._own_store.close()
            self._own_store = None
