"""The leases of one manager: taken before a run changes, renewed, and released when idle."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from .leases import (
    HEARTBEAT_SECONDS,
    is_held_elsewhere,
    new_owner,
    release_lease,
    renew_leases,
    take_lease,
)

if TYPE_CHECKING:
    from ..runs.run import TrainingRun
    from .autosaved_run import AutosavedRun

Attempt = Callable[[Callable[[sqlite3.Connection], object]], bool]


class LeaseKeeper:
    """Holds leases under one owner's name.

    Parameters
    ----------
    attempt : callable
        Runs an action in a transaction; returns whether the store took it.
    """

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt
        self._owner = new_owner()
        self._heartbeat = 0.0

    def take(self, db: sqlite3.Connection, run: TrainingRun) -> int:
        """Take or renew the lease of a run; return how often the run has been saved.

        Raises
        ------
        SettingError
            If another owner holds it.
        Conflict
            If the run is no longer in the file.
        """
        return take_lease(db, run.id, run.name, self._owner)

    def is_held_elsewhere(self, db: sqlite3.Connection, run_id: str) -> bool:
        """Return whether another owner trains a run."""
        return is_held_elsewhere(db, run_id, self._owner)

    def release(self, entry: AutosavedRun) -> None:
        """Release the lease of a run."""
        entry.held = False
        self._attempt(lambda db: release_lease(db, entry.run.id, self._owner))

    def renew_or_release(self, entries: Sequence[AutosavedRun]) -> None:
        """Release the leases of idle runs, and renew the others when a heartbeat is due."""
        for entry in entries:
            if self._is_idle(entry):
                entry.run.commands.run_if_idle(partial(self._release_if_idle, entry))
        is_due = monotonic() >= self._heartbeat + HEARTBEAT_SECONDS
        if is_due and any(entry.held for entry in entries):
            self._heartbeat = monotonic()
            self._attempt(lambda db: renew_leases(db, self._owner))

    def _is_idle(self, entry: AutosavedRun) -> bool:
        return entry.held and not entry.is_unsaved and monotonic() > entry.used + HEARTBEAT_SECONDS

    def _release_if_idle(self, entry: AutosavedRun) -> None:
        if self._is_idle(entry):  # checked again, as no step can begin from here on
            self.release(entry)
