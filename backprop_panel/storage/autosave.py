"""What one manager has in a store: the runs of one person."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import partial
from math import inf
from threading import RLock
from time import monotonic
from typing import TYPE_CHECKING, Any

from ..settings import SettingError
from ..training.checkpoints import EngineState
from ..training.trainer import always_free
from .autosave_entry import Entry
from .database import DamagedStore, Store, StoreError
from .leases import HEARTBEAT_SECONDS, new_owner, release_lease, renew_leases, take_lease
from .run_delta import Conflict, Snapshot, catch_up, read_checkpoints
from .run_index import Catalogue, Listed
from .unreadable_runs import raw_copy

if TYPE_CHECKING:
    from ..runs.run import TrainingRun

SNAPSHOT_SECONDS = 0.2
"""How long a save waits for snapshots; one that comes later is for the next save."""


class Shelf:
    """The runs of one manager in a store.

    Locks are taken in this order: that of saving, a run's commands, the store's.

    Attributes
    ----------
    problem : str
        Why what was done last is not in the file; empty if it is.
    """

    def __init__(self, store: Store, user: str) -> None:
        self.problem = store.notice
        self._store = store
        self._owner = new_owner()
        self._entries: dict[str, Entry] = {}
        self._saving = RLock()
        self._heartbeat = 0.0
        self._used = ""
        with store.transaction(writing=not store.read_only) as db:
            self._catalogue = Catalogue(db, user, store.read_only)
        store.attach(self)

    def listed(self) -> list[Listed]:
        """Return this person's runs in their order."""
        with self._store.transaction(writing=False) as db:
            return self._catalogue.listed(db)

    def used_last(self) -> str | None:
        """Return the id of the run that was last worked on."""
        with self._store.transaction(writing=False) as db:
            return self._catalogue.used_last(db)

    def use(self, run: TrainingRun) -> None:
        """Remember which run is worked on; of one that is not in the file, once it is."""
        self._used = run.id
        if self.has_stored(run):
            self._attempt(lambda db: self._catalogue.use(db, run.id))

    def has_stored(self, run: TrainingRun) -> bool:
        """Tell whether a run has been in the file."""
        return run.id in self._entries and self._entries[run.id].saved is not None

    def stem(self, run: TrainingRun) -> str | None:
        """Return the first part of a free name for a run, None if a person chose its name."""
        return self._entries[run.id].stem

    def add(self, run: TrainingRun, stem: str | None = None) -> None:
        """Put a run into the file, and save it from now on; where that fails, try again later.

        With `stem`, a run whose name is taken gets a free one that begins with it.

        Raises
        ------
        SettingError
            If there is a run of its name, and no stem.
        """
        entry = Entry(run, stem)
        # A fork may bring megabytes of checkpoints: the thread that saves will write them.
        engine = run.trainer.engine
        snapshot = Snapshot.take(engine, None, complete=not engine.checkpoints.states)

        def insert(db: sqlite3.Connection) -> None:
            run.name = self._insert(db, entry, snapshot)

        if self._attempt(insert):
            entry.saved = snapshot.after
        self._place(entry)

    def add_draft(self, run: TrainingRun, stem: str) -> None:
        """Save a run from its first event on, under a free name if its own is taken then."""
        self._place(Entry(run, stem, draft=True))

    def keep(self, run: TrainingRun) -> None:
        """Put a draft into the file now."""
        entry = self._entries[run.id]
        if not entry.draft:
            return
        with self._saving:
            entry.draft = False
            if entry.saved is None:
                entry.ask()
                self._save(entry, monotonic() + SNAPSHOT_SECONDS)

    def config(self, run_id: str) -> dict[str, Any] | None:
        """Return the configuration of a run in the file; None if it is gone."""
        try:
            with self._store.transaction(writing=False) as db:
                return self._catalogue.config(db, run_id)
        except Conflict:
            return None

    def load(self, run: TrainingRun) -> bool:
        """Let a run become what the file says, and save it from now on; False if it is gone."""
        entry = Entry(run)
        try:
            self._catch_up(entry)
        except Conflict:
            return False
        self._place(entry)
        return True

    def follow(self, run: TrainingRun, saves: int) -> bool:
        """Let a run that is trained elsewhere be what the file says; tell if it was behind."""
        entry = self._entries[run.id]
        before = entry.saved
        if before is None or (before.saves == saves and not entry.lost):
            return False

        def follow() -> None:
            if not entry.held and (entry.lost or not entry.is_new):
                self._catch_up(entry)

        try:
            run.commands.run_if_idle(follow)
        except Conflict:  # deleted since it was listed
            return False
        except DamagedStore as error:
            self.problem = str(error)  # what is here is shown on, and the other runs follow
            return False
        return entry.saved is not before

    def rename(self, run: TrainingRun, name: str) -> None:
        """Give a run another name in the file; a draft with a name is none any more."""
        self.keep(run)
        if self.has_stored(run):
            with self._store.transaction() as db:
                self._catalogue.rename(db, run.id, name)
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
                with self._store.transaction() as db:
                    self._delete(db, run)
            self.forget(run)

    def raw_copy(self, run_id: str) -> bytes:
        """Return the file of a store that holds a run alone, as it is."""
        with self._store.transaction(writing=False) as db:
            return raw_copy(db, run_id)

    def delete_unreadable(self, run_id: str) -> None:
        """Delete a run that is not here, since it cannot be read."""
        with self._store.transaction() as db:
            self._catalogue.delete_row(db, run_id)

    def forget(self, run: TrainingRun) -> None:
        """Save a run no longer."""
        self._entries.pop(run.id, None)
        run.trainer.claim = always_free

    def save(self) -> float:
        """Save what is new of every run, and return for how many seconds training waited."""
        with self._saving:
            entries = list(self._entries.values())
            new = [entry for entry in entries if entry.is_new]
            for entry in new:
                entry.ask()
            until = monotonic() + SNAPSHOT_SECONDS
            saved = [self._save(entry, until) for entry in new]
            if saved and all(saved):
                self.problem = ""
            self._keep_leases(entries)
            return sum(entry.copying for entry in new)

    def give_back(self) -> None:
        """Save all, and let others train what nobody trains here, without waiting a moment."""
        with self._saving:
            for entry in self._entries.values():
                entry.used = -inf
            self.save()

    def close(self) -> None:
        """Save all, and let others train the runs; nothing trains any more here."""
        with self._saving:
            self._store.detach(self)
            self.save()
            for entry in list(self._entries.values()):
                if entry.held:
                    self._release(entry)
                self.forget(entry.run)

    def _place(self, entry: Entry) -> None:
        entry.run.trainer.claim = partial(self._claim, entry)
        self._entries[entry.run.id] = entry

    def _claim(self, entry: Entry) -> None:
        """Take a run's lease before it is changed, and with it what others did to the run."""
        entry.used = monotonic()
        if entry.held or entry.saved is None:
            return
        run = entry.run
        try:
            with self._store.transaction() as db:
                saves = take_lease(db, run.id, run.name, self._owner)
        except StoreError as error:
            self.problem = str(error)  # and go on in memory
            return
        except Conflict as conflict:
            raise SettingError("runs", f"{run.name!r} cannot go on: {conflict}.") from None
        entry.held = True
        if entry.lost or saves != entry.saved.saves:
            self._catch_up(entry)

    def _catch_up(self, entry: Entry) -> None:
        run, engine = entry.run, entry.run.trainer.engine
        have = None if entry.lost or entry.is_new else entry.saved
        with self._store.transaction(writing=False) as db:
            read = partial(self._read_checkpoints, run.id)
            entry.saved = catch_up(db, run.id, engine, have, read)
        entry.lost = False
        run.trainer.show_engine_settings()

    def _read_checkpoints(self, run_id: str, generation: int, until: int) -> list[EngineState]:
        try:
            with self._store.transaction(writing=False) as db:
                return read_checkpoints(db, run_id, generation, until)
        except StoreError as error:
            # They only make replay short: without them it begins at the beginning.
            self.problem = str(error)
            return []

    def _save(self, entry: Entry, until: float) -> bool:
        """Write the snapshot that comes by then; what fails is told in `problem`."""
        try:
            snapshot = entry.snapshot(until)
            return snapshot is not None and self._write(entry, snapshot)
        except Exception as error:  # whatever it is, the thread that saves must live
            self.problem = f"{entry.run.name!r} is not saved: {str(error) or repr(error)}"
            return False

    def _write(self, entry: Entry, snapshot: Snapshot) -> bool:
        """Write a snapshot; who trains what others changed is told so."""
        run = entry.run
        try:
            with self._store.transaction() as db:
                if snapshot.before is None:
                    self._insert(db, entry, snapshot)
                    take_lease(db, run.id, run.name, self._owner)
                else:
                    take_lease(db, run.id, run.name, self._owner)
                    snapshot.write(db, run.id)
        except StoreError as error:
            self.problem = str(error)
            return False
        except (Conflict, SettingError) as error:
            if snapshot.before is None:  # its name was taken meanwhile; it may get another
                self.problem = str(error)
            elif snapshot.has_deeds:
                self._lose(entry, error)
            else:  # only a fork's checkpoints, and another went on with the fork
                entry.lost = True
            return False
        entry.held = True
        if entry.saved is snapshot.before:
            entry.saved = snapshot.after
        return True

    def _lose(self, entry: Entry, reason: Exception) -> None:
        """Stop who trains a run that others changed; the next claim takes what they did."""
        entry.held, entry.lost = False, True
        message = f"What was done to {entry.run.name!r} here last is not saved: {reason}"

        def stop() -> None:
            raise SettingError("training", message)

        try:
            entry.run.commands.put(stop)
        except SettingError:  # nobody trains
            self.problem = message

    def _insert(self, db: sqlite3.Connection, entry: Entry, snapshot: Snapshot) -> str:
        """Put a run into the file; return its name there."""
        run = entry.run
        name = self._catalogue.insert(db, run, entry.stem)
        if run.id == self._used:
            self._catalogue.use(db, run.id)
        snapshot.write(db, run.id)
        return name

    def _delete(self, db: sqlite3.Connection, run: TrainingRun) -> None:
        try:
            take_lease(db, run.id, run.name, self._owner)
        except Conflict:
            return  # deleted already
        self._catalogue.delete(db, run)

    def _keep_leases(self, entries: list[Entry]) -> None:
        """Give back the leases that are not needed, and show that the others' owner lives."""
        for entry in entries:
            if self._is_done_with(entry):
                entry.run.commands.run_if_idle(partial(self._release_if_done, entry))
        is_time = monotonic() >= self._heartbeat + HEARTBEAT_SECONDS
        if is_time and any(entry.held for entry in entries):
            self._heartbeat = monotonic()
            self._attempt(lambda db: renew_leases(db, self._owner))

    def _is_done_with(self, entry: Entry) -> bool:
        return entry.held and not entry.is_new and monotonic() > entry.used + HEARTBEAT_SECONDS

    def _release_if_done(self, entry: Entry) -> None:
        if self._is_done_with(entry):  # still, now that nobody can begin to step
            self._release(entry)

    def _release(self, entry: Entry) -> None:
        entry.held = False
        self._attempt(lambda db: release_lease(db, entry.run.id, self._owner))

    def _attempt(self, action: Callable[[sqlite3.Connection], object]) -> bool:
        """Do `action` in one transaction; if the store fails, keep the problem and go on."""
        try:
            with self._store.transaction() as db:
                action(db)
        except StoreError as error:
            self.problem = str(error)
            return False
        return True
