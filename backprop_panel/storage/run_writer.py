"""Writing of runs to a store: new ones, and the changes of runs that are there."""

from __future__ import annotations

import sqlite3

from ..settings import SettingError, shown
from .autosaved_run import AutosavedRun
from .database import StoreError
from .lease_keeper import LeaseKeeper
from .run_delta import Conflict, RunDelta
from .run_index import RunIndex
from .store_access import StoreAccess


class RunWriter:
    """Writes the runs of one manager.

    Attributes
    ----------
    current : str
        The id of the current run, which is stored with it.
    """

    def __init__(self, access: StoreAccess, index: RunIndex, leases: LeaseKeeper) -> None:
        self._access = access
        self._index = index
        self._leases = leases
        self.current = ""

    def insert(self, db: sqlite3.Connection, entry: AutosavedRun, delta: RunDelta) -> str:
        """Add a run to the file; return its name there."""
        run = entry.run
        name = self._index.insert(db, run, entry.stem)
        if run.id == self.current:
            self._index.use(db, run.id)
        delta.write(db, run.id)
        return name

    def save(self, entry: AutosavedRun, deadline: float) -> bool:
        """Write the delta taken by the deadline; a failure is reported in `problem`."""
        try:
            delta = entry.delta(deadline)
            return delta is not None and self._write(entry, delta)
        except Exception as error:  # no failure may end the saving thread
            self._access.report(
                f"{shown(entry.run.name)} is not saved: {str(error) or repr(error)}"
            )
            return False

    def _write(self, entry: AutosavedRun, delta: RunDelta) -> bool:
        """Write a delta; stop training that contradicts another process."""
        run = entry.run
        try:
            with self._access.writing() as db:
                if delta.before is None:
                    self.insert(db, entry, delta)
                    self._leases.take(db, run)
                else:
                    self._leases.take(db, run)
                    delta.write(db, run.id)
        except StoreError as error:
            self._access.report(error)
            return False
        except (Conflict, SettingError) as error:
            if delta.before is None:  # its name was taken meanwhile; it may get another
                self._access.report(error)
            elif delta.has_events:
                self._lose(entry, error)
            else:  # only a fork's checkpoints, while another process trained the fork
                entry.lost = True
            return False
        entry.held = True
        self._access.clear_loss(run.id)
        if entry.saved is delta.before:
            entry.saved = delta.after
        return True

    def _lose(self, entry: AutosavedRun, reason: Exception) -> None:
        """Stop the training of a run that was changed elsewhere; the next claim reads it anew."""
        entry.held, entry.lost = False, True
        message = entry.not_saved(reason)

        def stop() -> None:
            """Raise `SettingError`, which ends the training."""
            raise SettingError("training", message)

        try:
            entry.run.commands.put(stop)
        except SettingError:  # nothing trains it
            self._access.report_loss(entry.run.id, message)
