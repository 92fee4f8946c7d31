"""The sweeps of a store: which there are, and what is read of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec

from ..settings import SettingError, refuse_other, shown
from ..storage.database import DamagedStore, Store, StoreError
from ..storage.run_rows import read_history
from ..storage.serialization import Damaged
from ..storage.sweep_rows import StoredRun, SweepRow, list_sweeps, stored_runs
from ..storage.trial_rows import TrialRow, read_trials
from ..training.history import History
from .plan import Plan
from .row_checks import RowChecks, checked_plan, run_id
from .schedule import Schedule
from .trial import FINISHED, RUNNING, WAITING, Curve, Score, Trial


class UnreadableSweep(StoreError):
    """A sweep of a store cannot be read; the message names it and the reason.

    Parameters
    ----------
    name : str
    reason : str
    """

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"The sweep {shown(name)} cannot be read: {reason.rstrip('.')}.")


@contextmanager
def named_if_unreadable(name: str) -> Iterator[None]:
    """Raise `UnreadableSweep` for what a block finds damaged, or refuses, of a stored sweep."""
    try:
        yield
    except DamagedStore as error:
        raise UnreadableSweep(name, error.reason) from error
    except StoreError:
        raise
    except (Damaged, SettingError) as error:
        raise UnreadableSweep(name, str(error)) from error


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
    """Return the plan of a stored sweep.

    Raises
    ------
    UnreadableSweep
    """
    with named_if_unreadable(row.name):
        return checked_plan(row.plan, row.name)


def trials_of(store: Store, sweep_id: str, plan: Plan) -> list[Trial]:
    """Return the runs of a plan that have begun, as they are in the store.

    One that was trained when its client ended waits again; so does one that is no longer
    in the store.

    Raises
    ------
    UnreadableSweep
        If the row of one of them is not as it was written.
    StoreError
    """
    with named_if_unreadable(plan.name):
        with store.transaction(writing=False) as db:
            rows, stored = read_trials(db, sweep_id), stored_runs(db, sweep_id)
        checks = RowChecks(plan, sweep_id)
        for row in rows:
            checks.refuse_damaged(row)
        return [_trial(store, plan, row, stored.get(row.run_id)) for row in rows]


def unreadable_sweeps(store: Store, user: str = "") -> list[str]:
    """Return why sweeps of a user cannot be read, one sentence for each of them."""
    problems = []
    for row in stored_sweeps(store, user):
        try:
            plan = plan_of(row)
            trials = {trial.number: trial for trial in trials_of(store, row.id, plan)}
            # Optuna is not needed to tell whether a store is sound.
            if not plan.is_adaptive or find_spec("optuna"):
                with named_if_unreadable(row.name):
                    Schedule(plan, trials, partial(run_id, row.id))
        except SettingError as error:
            problems.append(str(error))
    return problems


def _trial(store: Store, plan: Plan, row: TrialRow, run: StoredRun | None) -> Trial:
    """Return the run of a sound row, and of what the store knows of its run."""
    is_stored = run is not None
    status = WAITING if row.status == RUNNING else row.status
    if status == FINISHED and not is_stored:
        status = WAITING
    name = run.name if is_stored else plan.run_name(row.number)
    trial = Trial(row.number, row.run_id, name, row.settings, status, row.reason)
    if is_stored:
        trial.rung_scores = row.rungs["scores"]
        trial.step, trial.epoch = run.step, run.epoch
        trial.read_curve = partial(_curve, store, row.run_id)
        trial.score = Score(**row.score) if row.score else _score(store, row.run_id)
    return trial


def _score(store: Store, stored_id: str) -> Score:
    return Score.of(_history(store, stored_id))


def _curve(store: Store, stored_id: str) -> Curve:
    return Curve.of(_history(store, stored_id))


def _history(store: Store, stored_id: str) -> History:
    with store.transaction(writing=False) as db:
        chunks = read_history(db, stored_id, 0)
    history = History()
    for chunk in chunks:
        history.extend_from(chunk)
    return history
