"""The runs of one user in a store, saved as they change."""

from __future__ import annotations

import sqlite3
import warnings
from functools import partial
from math import inf
from threading import RLock
from time import monotonic
from typing import TYPE_CHECKING

from ..settings import SettingError, shortened, shown
from ..training.trainer import always_free
from .autosaved_run import AutosavedRun
from .database import DamagedStore, Store, StoreError
from .lease_keeper import LeaseKeeper
from .run_delta import CHANGED_ELSEWHERE, Conflict, RunDelta
from .run_index import ListedRun, RunIndex
from .run_modes import write_modes
from .run_reader import RunReader
from .run_writer import RunWriter
from .store_access import StoreAccess
from .unreadable_runs import raw_copy

if TYPE_CHECKING:
    from ..runs.run import TrainingRun
    from ..training.trainer import Trainer

DELTA_SECONDS = 0.2
"""How long a save waits for deltas; what comes later is written by the next save."""

STILL_STEPPING = "a thread is making a step."


class Autosave:
    """The runs of one manager in a store; only loaded runs are saved, as no other changes.

    Locks are taken in this order: that of saving, of a run's loading, of its commands, of the
    store.
    """

    def __init__(self, store: Store, user: str) -> None:
        self._store = store
        self._access = StoreAccess(store, user)
        self._leases = LeaseKeeper(self._access.attempt)
        self._entries: dict[str, AutosavedRun] = {}
        self._saving = RLock()
        with store.transaction(writing=not store.read_only) as db:
            self._index = RunIndex(db, user, store.read_only)
        self._reader = RunReader(self._access)
        self._writer = RunWriter(self._access, self._index, self._leases)
        store.attach(self)

    @property
    def problem(self) -> str:
        """Why changes are not in the file; empty if the last ones are."""
        return self._access.problem

    def listed(self) -> list[ListedRun]:
        """Return the user's runs in their order.

        Raises
        ------
        StoreError
            If they cannot be read, or may be those of another file at the same path.
        """
        if self._store.is_replaced:
            raise StoreError(self._store.notice)
        with self._access.reading() as db:
            return self._index.listed(db)

    def used_last(self) -> str | None:
        """Return the id of the run that was current last."""
        with self._access.reading() as db:
            return self._index.used_last(db)

    def is_trained_elsewhere(self, run: TrainingRun) -> bool:
        """Return whether another window or process trains a run."""
        with self._access.reading() as db:
            return self._leases.is_held_elsewhere(db, run.id)

    def use(self, run: TrainingRun) -> None:
        """Store which run is current; for a run that is not stored yet, once it is."""
        self._writer.current = run.id
        if self.has_stored(run):
            self._access.attempt(lambda db: self._index.use(db, run.id))

    def has_stored(self, run: TrainingRun) -> bool:
        """Tell whether a run has been in the file."""
        if not run.loaded:  # it was listed from the file
            return True
        return run.id in self._entries and self._entries[run.id].saved is not None

    def stem(self, run: TrainingRun) -> str | None:
        """Return the beginning of a free name for a run, None if the user named it."""
        return self._entries[run.id].stem

    def add(self, run: TrainingRun, stem: str | None = None) -> None:
        """Store a run and save it from now on; if storing fails, a later save tries again.

        With `stem`, a run whose name is taken gets a free one that begins with it.

        Raises
        ------
        SettingError
            If the name is taken and there is no stem.
        """
        entry = AutosavedRun(run, stem)
        # A fork may come with megabytes of checkpoints, which the saving thread writes.
        engine = run.trainer.engine
        delta = RunDelta.take(engine, None, complete=not engine.checkpoints.states)

        def insert(db: sqlite3.Connection) -> None:
            """Insert the run, and give it the name that was free."""
            run.name = self._writer.insert(db, entry, delta)

        if self._access.attempt(insert):
            entry.saved = delta.after
        self._attach(entry, run.trainer)

    def add_draft(self, run: TrainingRun, stem: str) -> None:
        """Save a run from its first event on, under a free name if its own is taken then."""
        self._attach(AutosavedRun(run, stem, draft=True), run.trainer)

    def store_draft(self, run: TrainingRun) -> None:
        """Store a draft now."""
        entry = self._entries.get(run.id)
        if entry is None or not entry.draft:
            return
        with self._saving:
            entry.draft = False
            if entry.saved is None:
                entry.request_delta()
                self._writer.save(entry, monotonic() + DELTA_SECONDS)

    def load(self, run: TrainingRun, trainer: Trainer) -> None:
        """Read the stored state of a listed run into its new trainer, and save it from now on.

        Raises
        ------
        Conflict
            If the run is no longer in the file.
        StoreError
        """
        entry = AutosavedRun(run)
        self._reader.load_mode(entry, trainer)
        self._reader.catch_up(entry, trainer)
        self._attach(entry, trainer)

    def catch_up(self, run: TrainingRun, saves: int) -> bool:
        """Read what another process did to a loaded run; tell whether there was anything."""
        entry = self._entries[run.id]
        before = entry.saved
        if before is None or (before.saves == saves and not entry.lost):
            return False

        def read() -> None:
            """Read the changes, unless this process trains the run or has changes to save."""
            if not entry.held and (entry.lost or not entry.is_unsaved):
                self._reader.catch_up(entry, run.trainer)

        try:
            run.commands.run_if_idle(read)
        except Conflict:  # deleted since it was listed
            return False
        except DamagedStore as error:
            self._access.report(error)  # the run stays as it is here, and the others follow
            return False
        return entry.saved is not before

    def rename(self, run: TrainingRun, name: str) -> None:
        """Rename a run in the file; a draft is stored with its new name."""
        self.store_draft(run)
        if self.has_stored(run):
            with self._access.writing() as db:
                self._index.rename(db, run.id, name)
        if run.id in self._entries:
            self._entries[run.id].stem = None

    def delete(self, run: TrainingRun) -> None:
        """Delete a run in the file.

        Raises
        ------
        SettingError
            If it is the last one there, or is being trained elsewhere.
        """
        with self._saving:
            if self.has_stored(run):
                with self._access.writing() as db:
                    self._delete(db, run)
            self.forget(run)

    def raw_copy(self, run_id: str) -> bytes:
        """Return a store's file that holds one run alone, its rows unread."""
        with self._access.reading() as db:
            return raw_copy(db, run_id)

    def delete_unreadable(self, run_id: str) -> None:
        """Delete an unreadable run."""
        with self._access.writing() as db:
            self._index.delete_row(db, run_id)

    def forget(self, run: TrainingRun) -> None:
        """Stop saving a run."""
        self._access.clear_loss(run.id)
        if self._entries.pop(run.id, None) is not None:
            run.trainer.claim = always_free

    def save(self) -> float:
        """Save the changes of every run; return the seconds for which training waited."""
        with self._saving:
            entries = list(self._entries.values())
            unsaved = [entry for entry in entries if entry.is_unsaved]
            for entry in unsaved:
                entry.request_delta()
            deadline = monotonic() + DELTA_SECONDS
            saved = [self._writer.save(entry, deadline) for entry in unsaved]
            if changed := [entry for entry in entries if entry.has_new_mode]:
                self._access.attempt(lambda db: write_modes(db, changed))
            if saved and all(saved):
                self._access.clear()
            self._leases.renew_or_release(entries)
            return sum(entry.copying for entry in unsaved)

    def give_back(self) -> None:
        """Save everything, and release at once the leases of the runs that nothing trains here."""
        with self._saving:
            for entry in list(self._entries.values()):
                entry.used = -inf
            self.save()

    def close(self) -> None:
        """Save everything and release all leases, after the last training has stopped.

        Changes that cannot be saved are lost with the process. A warning names their runs.
        """
        with self._saving:
            self._store.detach(self)
            self.save()
            self._warn_of_loss()
            self._access.close()
            for entry in list(self._entries.values()):
                if entry.held:
                    self._leases.release(entry)
                self.forget(entry.run)
                entry.run.trainer.claim = entry.warn_of_closed_store

    def _warn_of_loss(self) -> None:
        problem = self.problem
        unsaved = [
            entry.run.name
            for entry in self._entries.values()
            if entry.is_unsaved and (problem or not entry.lost)
        ]
        if unsaved and not self._store.read_only:
            names = shortened(", ".join(map(shown, unsaved)))
            message = f"The last changes of {names} are not saved: {problem or STILL_STEPPING}"
            warnings.warn(message, stacklevel=5)  # the caller of the manager's `close`

    def _attach(self, entry: AutosavedRun, trainer: Trainer) -> None:
        trainer.claim = partial(self._claim, entry)
        self._entries[entry.run.id] = entry

    def _claim(self, entry: AutosavedRun) -> None:
        """Take a run's lease before a change, and read what other processes did before."""
        entry.used = monotonic()
        if entry.held or entry.saved is None:
            return
        run = entry.run
        try:
            with self._access.writing() as db:
                saves = self._leases.take(db, run)
        except StoreError as error:
            self._access.report(error)  # the run goes on in memory
            return
        except Conflict as conflict:
            raise SettingError("runs", f"{shown(run.name)} cannot go on: {conflict}.") from None
        entry.held = True
        if not entry.lost and saves == entry.saved.saves:
            return
        # Made while the store failed, and another process has changed the run since.
        unsaved = not entry.lost and entry.has_unsaved_events
        self._reader.catch_up(entry, run.trainer)
        if unsaved:
            raise SettingError("runs", f"{entry.not_saved(CHANGED_ELSEWHERE)}.")

    def _delete(self, db: sqlite3.Connection, run: TrainingRun) -> None:
        try:
            self._leases.take(db, run)
        except Conflict:
            return  # deleted already
        self._index.delete(db, run)
