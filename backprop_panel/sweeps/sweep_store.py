"""A sweep in a store: its plan and its runs, written by the client alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from time import monotonic
from uuid import uuid4

from ..settings import SettingError
from ..storage.database import Store, StoreError
from ..storage.leases import new_owner, release_lease, renew_leases, take_lease
from ..storage.remote_run import RemoteRun, read_remote_run
from ..storage.run_delta import Conflict
from ..storage.run_index import RunIndex
from ..storage.run_names import copy_stem, free_name
from ..storage.sweep_rows import (
    insert_sweep,
    is_run_elsewhere,
    list_sweeps,
    release_sweep,
    take_sweep,
)
from ..storage.trial_rows import TrialRow, write_trials
from .plan import Plan
from .row_checks import run_id
from .stored_sweeps import trials_of
from .trial import FAILED, RUNNING, Trial

LARGEST_SHARE = 0.1
"""Largest share of the time that is spent on writing the store."""

SAVED_TOGETHER = 50
"""Most runs of one transaction: reports wait meanwhile, and so does who needs Python's lock."""

SAVE_SECONDS = 1.0
"""Time between two transactions, unless more runs wait for the next."""


class SweepStore:
    """A sweep in a store.

    Parameters
    ----------
    store : Store
    user : str
    sweep_id : str, optional
        Of a sweep that is in the store; a new one comes into it by `enter`.

    Attributes
    ----------
    entered : bool
        Whether it is in the store.
    """

    def __init__(self, store: Store, user: str, sweep_id: str | None = None) -> None:
        self.store, self.user, self.id = store, user, sweep_id or uuid4().hex
        self.entered = sweep_id is not None
        self._owner = new_owner()
        self._due = 0.0
        with store.transaction() as db:
            self._index = RunIndex(db, user)

    def enter(self, plan: Plan) -> Plan:
        """Add the sweep to the store; return its plan, under a name that no other sweep has.

        Raises
        ------
        StoreError
        """
        with self.store.transaction() as db:
            taken = {row.name for row in list_sweeps(db, self.user)}
            if plan.name in taken:
                plan = replace(plan, name=free_name(copy_stem(plan.name), taken))
            insert_sweep(db, self.user, self.id, plan.name, plan.to_json())
        self.entered = True
        return plan

    def run_id(self, number: int) -> str:
        """Return the id of the run of a number."""
        return run_id(self.id, number)

    @property
    def is_due(self) -> bool:
        """Whether to save again, so that writing takes a small share of the time."""
        return monotonic() >= self._due

    def save(self, trials: Iterable[Trial]) -> None:
        """Write what is new of some runs, in one transaction: all of it or nothing.

        Raises
        ------
        StoreError
        """
        begin = monotonic()
        trials, marks = list(trials), []
        with self.store.transaction() as db:
            for trial in trials:
                run = trial.run
                try:
                    if run is not None and run.is_unsaved:
                        marks.append((trial, run.save(db, self._index)))
                        take_lease(db, run.id, run.name, self._owner)
                except (Conflict, SettingError) as error:
                    trial.status, trial.reason = FAILED, f"It is not saved: {error}"
                if trial.status != RUNNING:
                    release_lease(db, trial.run_id, self._owner)
            renew_leases(db, self._owner)
            write_trials(db, self.id, map(_row, trials))
        for trial, mark in marks:
            trial.run.saved(mark)
            trial.name = trial.run.name  # another one than was planned, if that was taken
        pause = (monotonic() - begin) / LARGEST_SHARE
        more_wait = len(trials) >= SAVED_TOGETHER
        self._due = monotonic() + (pause if more_wait else max(SAVE_SECONDS, pause))

    def claim(self) -> None:
        """Take the lease of the sweep, or renew it.

        Raises
        ------
        SettingError
            If another window or process runs it.
        """
        with self.store.transaction() as db:
            take_sweep(db, self.id, self._owner)

    @property
    def is_run_elsewhere(self) -> bool:
        """Whether another window or process runs the sweep; no if the store cannot be read."""
        try:
            with self.store.transaction(writing=False) as db:
                return is_run_elsewhere(db, self.id, self._owner)
        except StoreError:
            return False

    def release(self, trials: Iterable[Trial]) -> None:
        """Let other windows train the runs, and run the sweep."""
        with self.store.transaction() as db:
            release_sweep(db, self.id, self._owner)
            for trial in trials:
                release_lease(db, trial.run_id, self._owner)

    def trials(self, plan: Plan) -> list[Trial]:
        """Return the runs of a plan that have begun, as they are in the store; see `trials_of`.

        Raises
        ------
        UnreadableSweep
        StoreError
        """
        return trials_of(self.store, self.id, plan)

    def read_run(self, trial: Trial) -> RemoteRun | None:
        """Return the stored run of a trial with its checkpoint, None if there is none.

        Raises
        ------
        Conflict
            If it was changed by hand.
        StoreError
        """
        with self.store.transaction(writing=False) as db:
            return read_remote_run(db, trial.run_id)


def _row(trial: Trial) -> TrialRow:
    return TrialRow(
        trial.number,
        trial.run_id,
        trial.settings,
        trial.status,
        trial.reason,
        {"scores": list(trial.rung_scores)},
        dict(vars(trial.score)),
    )
