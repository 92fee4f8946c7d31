"""A sweep in a store: its plan and its runs, written by the client alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import Any
from uuid import uuid4

from ..settings import SettingError, refuse_other, shown
from ..storage.database import Store, StoreError
from ..storage.leases import new_owner, release_lease, renew_leases, take_lease
from ..storage.remote_run import RemoteRun, read_remote_run
from ..storage.run_delta import Conflict
from ..storage.run_index import RunIndex
from ..storage.run_names import copy_stem, free_name
from ..storage.run_reader import read_history
from ..storage.sweep_rows import (
    StoredRun,
    SweepRow,
    TrialRow,
    insert_sweep,
    is_run_elsewhere,
    list_sweeps,
    read_trials,
    release_sweep,
    stored_runs,
    take_sweep,
    write_trials,
)
from ..training.history import History
from .plan import Plan
from .trial import FAILED, FINISHED, RUNNING, WAITING, Curve, Score, Trial

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
        """Return the id of the run of a number: a function of both, so that it is stored once."""
        return f"{self.id}-{number}"

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
        """Return the runs of a plan that have begun, as they are in the store.

        One that was trained when its client ended waits again; so does one that is no longer
        in the store.
        """
        with self.store.transaction(writing=False) as db:
            rows, stored = read_trials(db, self.id), stored_runs(db, self.id)
        trials = []
        for row in rows:
            run = stored.get(row.run_id, StoredRun(plan.run_name(row.number)))
            status = WAITING if row.status == RUNNING else row.status
            if status == FINISHED and row.run_id not in stored:
                status = WAITING
            trial = Trial(row.number, row.run_id, run.name, row.settings, status, row.reason)
            trial.rung_scores = row.rung_scores if row.run_id in stored else []
            trial.step, trial.epoch = run.step, run.epoch
            if row.run_id in stored:
                trial.read_curve = partial(self._curve, row.run_id)
                trial.score = Score(**row.score) if row.score else self._score(row.run_id)
            trials.append(trial)
        return trials

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

    def _score(self, run_id: str) -> Score:
        return Score.of(self._history(run_id))

    def _curve(self, run_id: str) -> Curve:
        return Curve.of(self._history(run_id))

    def _history(self, run_id: str) -> History:
        with self.store.transaction(writing=False) as db:
            chunks = read_history(db, run_id, 0)
        history = History()
        for chunk in chunks:
            history.extend_from(chunk)
        return history


def _row(trial: Trial) -> TrialRow:
    return TrialRow(
        trial.number,
        trial.run_id,
        trial.settings,
        trial.status,
        trial.reason,
        list(trial.rung_scores),
        dict(vars(trial.score)),
    )


def stored_sweeps(store: Store, user: str = "") -> list[SweepRow]:
    """Return the sweeps of a user in a store, the newest last."""
    with store.transaction(writing=False) as db:
        return list_sweeps(db, user)


def find_sweep(store: Store, user: str, which: str | None) -> SweepRow:
    """Return the sweep of an id or a name, the newest without either.

    Raises
    ------
    SettingError
        If there is none.
    """
    if which is not None:
        refuse_other("which", which, str)
    found = [row for row in stored_sweeps(store, user) if which in (None, row.id, row.name)]
    if not found:
        named = "" if which is None else f" named {shown(which)}"
        raise SettingError("sweep", f"There is no sweep{named} in the store.")
    return found[-1]


def plan_of(row: SweepRow) -> Plan:
    """Return the plan of a stored sweep."""
    fields: dict[str, Any] = row.plan
    return Plan.from_json(fields)
