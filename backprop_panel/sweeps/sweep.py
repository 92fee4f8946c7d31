"""A sweep: a plan, its runs in a store, and the training of them on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from math import isfinite
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING, Any

from ..runs.manager import TrainingRun, TrainingRunManager
from ..runs.run_settings import CONFIGURATION
from ..settings import SettingError, did_you_mean, plain, shown
from ..storage.database import Store, refuse_no_store
from .cluster import cores, refuse_unguarded
from .estimate import estimated_seconds
from .opening import client_of, opened_manager
from .plan import UNITS, Plan
from .record import Record, find_sweep, plan_of
from .results import Measure, ranked
from .runner import Runner
from .schedule import Schedule
from .trial import FAILED, FINISHED, RUNNING, STOPPED, WAITING, Trial

if TYPE_CHECKING:
    from distributed import Client


class Sweep:
    """Many runs of one plan; each is an ordinary run of the manager.

    Parameters
    ----------
    base, grid, ranges, samples, sampler, seeds, budget, halving, name
        As for `Plan`.
    manager : TrainingRunManager, optional
        Whose store the runs are kept in, under its user.
    store : str, Path or Store, optional
        In place of a manager. With neither, the runs are kept in a temporary file that ends with
        the sweep.
    user : str
        The owner of the runs in `store`.

    Raises
    ------
    SettingError
        If the plan cannot work, or the store cannot be used. Nothing has started then.

    Attributes
    ----------
    plan : Plan
    trials : dict of int to Trial
        The runs that have begun, by their numbers.
    problem : str
        Why it ended before its end; empty if it did not.
    cancelled : bool
        Whether it was, or is being, ended by `cancel`.
    """

    def __init__(
        self,
        base: dict[str, Any] | None = None,
        *,
        manager: TrainingRunManager | None = None,
        store: str | Path | Store | None = None,
        user: str = "",
        **plan: Any,
    ) -> None:
        refuse_unguarded()
        _refuse_unknown(plan)
        plan = Plan(base=base or {}, **plan)
        Schedule(plan, {}, str)  # an unknown sampler is refused here
        self._set(plan, *opened_manager(manager, store, user), None)

    @classmethod
    def load(
        cls,
        which: str | None = None,
        *,
        manager: TrainingRunManager | None = None,
        store: str | Path | Store | None = None,
        user: str = "",
    ) -> Sweep:
        """Return a sweep of a store: that of an id or a name, the newest by default.

        Raises
        ------
        SettingError
            If there is none.
        """
        if isinstance(store, (str, Path)):
            refuse_no_store(store)
        opened = opened_manager(manager, store, user)
        row = find_sweep(opened[0].store, opened[0].user, which)
        sweep = object.__new__(cls)
        record = Record(opened[0].store, opened[0].user, row.id)
        sweep._set(plan_of(row), *opened, record)
        return sweep

    def _set(
        self,
        plan: Plan,
        manager: TrainingRunManager,
        close: Callable[[], None],
        record: Record | None,
    ) -> None:
        self.plan, self.manager, self._close = plan, manager, close
        self._record = record or Record(manager.store, manager.user)
        begun = self._record.trials(plan.objective) if record else []
        self.trials: dict[int, Trial] = {trial.number: trial for trial in begun}
        self._schedule = Schedule(plan, self.trials, self._record.run_id)
        self._runner: Runner | None = None
        self._ended, self._pausing = Event(), False
        self._ended.set()
        self._watchers: list[Callable[[], None]] = []
        self._began, self._done_before = 0.0, 0
        self.problem, self.cancelled = "", False
        self._error: Exception | None = None

    @property
    def id(self) -> str:
        """The id of the sweep in its store."""
        return self._record.id

    @property
    def begun(self) -> list[Trial]:
        """The runs that have begun, whichever thread asks."""
        return list(self.trials.values())

    @property
    def running(self) -> bool:
        """Whether runs are being trained."""
        return not self._ended.is_set()

    @property
    def pausing(self) -> bool:
        """Whether runs are being stopped."""
        return self.running and self._pausing

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to train, runs that were stopped by halving aside."""
        counts = self.counts
        return not counts[WAITING] and not counts[RUNNING]

    @property
    def counts(self) -> dict[str, int]:
        """The number of runs in each state."""
        counts = dict.fromkeys((WAITING, RUNNING, FINISHED, FAILED, STOPPED), 0)
        for trial in self.begun:
            counts[trial.status] += 1
        counts[WAITING] += self.plan.runs - len(self.trials)
        return counts

    @property
    def progress(self) -> float:
        """The share of the whole budget that is used, from 0 to 1; failed runs count as done."""
        done = sum(map(self._share, self.begun))
        return done / self.plan.runs

    @property
    def seconds_left(self) -> float | None:
        """The time that the rest takes at the present rate; None before anything is known."""
        elapsed, progress = monotonic() - self._began, self.progress
        done = progress - self._done_before
        if not self.running or elapsed < 1 or done <= 0:
            return None
        return elapsed * (1 - progress) / done

    @property
    def notices(self) -> list[str]:
        """What a person should know: why it ended, and which workers are not used."""
        refusals = self._runner.refusals if self._runner else []
        return [*([self.problem] if self.problem else []), *refusals]

    def best(self, count: int = 5) -> list[Trial]:
        """Return the runs with the lowest finite loss, the objective of the plan, best first."""
        order = ranked(self.begun, Measure(self.plan.objective))
        return [trial for trial in order if isfinite(trial.ranking(self.plan.objective))][:count]

    def __repr__(self) -> str:
        """Return how far it is, and its best run."""
        counts = ", ".join(f"{count} {state}" for state, count in self.counts.items() if count)
        best = ""
        for trial in self.best(1):
            settings = {name: trial.settings[name] for name in self.plan.varied}
            loss = trial.ranking(self.plan.objective)
            best = (
                f"; best {self.plan.objective} {loss:.4g}: "
                f"{self.plan.run_name(trial.number)!r} with {settings}"
            )
        return f"<Sweep {self.plan.name!r}: {counts}{best}>"

    def run(self, client: Client | str | int | None = None) -> Sweep:
        """Train all runs and wait for the end; Ctrl-C keeps what is done.

        Parameters
        ----------
        client : Client, str or int, optional
            Of any Dask cluster, the address of its scheduler, or how many processes to start
            here. By default a process is started for each core.

        Raises
        ------
        SettingError
            If it ends early: the scheduler is gone, the store cannot be written, or no worker is
            usable. What had come is kept, and `resume` does the rest.
        """
        self.start(client)
        try:
            self.wait()
        except KeyboardInterrupt:
            self.pause()
            raise KeyboardInterrupt(
                f"{self!r} was stopped. What is done is kept: Sweep.load(store=...).resume() does "
                "the rest."
            ) from None
        return self

    def resume(self, client: Client | str | int | None = None, stopped: bool = False) -> Sweep:
        """Train the runs that are not finished, from their last checkpoints, as `run` does.

        Parameters
        ----------
        client : Client, str or int, optional
        stopped : bool
            Whether to train those on that successive halving stopped, too.
        """
        if stopped:
            self.resume_stopped()
        return self.run(client)

    def estimate(self, workers: int | None = None) -> float:
        """Return about how many seconds it takes, from a few steps of some of its runs.

        Parameters
        ----------
        workers : int, optional
            As many runs at once; by default one a core.

        Raises
        ------
        SettingError
            If one of those runs cannot be made.
        """
        return estimated_seconds(self.plan) / (workers or cores())

    def start(self, client: Client | str | int | None = None) -> None:
        """Begin, or go on, in a thread of its own; `wait` waits for the end.

        The sweep is in the store from then on. Of sweeps with one name, the second is
        ``name (2)``.

        Raises
        ------
        SettingError
            If it is running.
        StoreError
            If the store cannot be written.
        """
        self._refuse_running()
        if not self._record.entered:
            self.plan = self._schedule.plan = self._record.enter(self.plan)
        if self.finished:
            return
        self.problem, self.cancelled, self._error = "", False, None
        self._began, self._done_before = monotonic(), self.progress
        self._runner, self._pausing = None, False
        self._ended.clear()
        Thread(target=self._work, args=(client,), name="sweep", daemon=True).start()

    def wait(self) -> None:
        """Wait for the end.

        Raises
        ------
        SettingError
            As `run`.
        """
        # The thread is not joined: Python 3.11 takes it for ended if Ctrl-C interrupts that.
        self._ended.wait()
        if self._error is not None:
            raise self._error

    def pause(self) -> None:
        """Stop all runs where they are, keep them, and wait for that; `resume` goes on."""
        self.begin_pause()
        self._ended.wait()

    def begin_pause(self, cancelled: bool = False) -> None:
        """Have all runs stopped where they are, without waiting for it: it may take seconds.

        Parameters
        ----------
        cancelled : bool
            Whether the sweep is then called cancelled; `resume` goes on all the same.
        """
        self._pausing, self.cancelled = True, cancelled
        if self._runner is not None:
            self._runner.stop()

    def cancel(self) -> None:
        """Stop all runs where they are, and say so; `resume` goes on all the same."""
        self.begin_pause(cancelled=True)
        self._ended.wait()

    def resume_stopped(self) -> None:
        """Have the next `start` train what successive halving stopped, to the whole budget."""
        self._refuse_running()
        self._schedule.resume_stopped()

    def open(self, which: Trial | int | str) -> TrainingRun:
        """Return a run of the sweep, as the manager has it.

        Parameters
        ----------
        which : Trial, int or str
            One of `trials`, a number as in the names, 3 for ``"sweep #3"``, or a name.

        Raises
        ------
        SettingError
            If there is no such run, it has not been stored yet, or was deleted.
        """
        trial = which if isinstance(which, Trial) else self._named(which)
        self.manager.refresh()
        return self.manager.run(trial.run_id)

    def measure(self, trial: Trial) -> None:
        """Read the score and the curve of a run of an earlier process from the store."""
        if trial.run is None and trial.curve is None:
            self._record.measure(trial)

    def watch(self, watcher: Callable[[], None]) -> None:
        """Call `watcher` whenever something has changed, about once a second, in any thread."""
        self._watchers.append(watcher)

    def unwatch(self, watcher: Callable[[], None]) -> None:
        """Call `watcher` no more."""
        self._watchers.remove(watcher)

    def close(self) -> None:
        """Pause, and close the store if the sweep has opened it."""
        self.pause()
        self._close()

    def _work(self, client: Client | str | int | None) -> None:
        """Train in the sweep's thread; an error is kept for `wait`."""
        try:
            with client_of(client) as there:
                self._runner = Runner(there, self._schedule, self._record, self._tell)
                if not self._pausing:  # while the cluster was started
                    self._runner.run()
        except SettingError as error:
            self.problem, self._error = str(error), error
        except Exception as error:
            self.problem, self._error = f"The sweep has ended: {error!r}", error
        finally:
            self._ended.set()
            self._tell()

    def _tell(self) -> None:
        for watcher in list(self._watchers):
            watcher()

    def _named(self, which: int | str) -> Trial:
        """Return the run of a name, or of the number in its name."""
        for trial in self.begun:
            if plain(which) in (trial.number + 1, self.plan.run_name(trial.number)):
                return trial
        first, last = self.plan.run_name(0), self.plan.run_name(self.plan.runs - 1)
        raise SettingError(
            "which",
            f"No run {shown(which)} of the sweep has begun: there are {first!r} to {last!r}, and "
            f"{len(self.trials):,} of them have begun.",
        )

    def _share(self, trial: Trial) -> float:
        if trial.status in (FINISHED, FAILED, STOPPED):
            return 1.0
        done = trial.epoch if self.plan.unit == "epochs" else trial.step
        return min(done / self.plan.amount, 1.0)

    def _refuse_running(self) -> None:
        if self.running:
            raise SettingError("sweep", "The sweep is running: pause it first.")


def _refuse_unknown(plan: Mapping[str, Any]) -> None:
    """Raise `SettingError` for a keyword that no plan has; say where a setting belongs."""
    known = [field.name for field in fields(Plan)]
    for name, value in plan.items():
        if name in UNITS:
            raise SettingError(name, f'The budget of each run is budget={{"{name}": ...}}.')
        if name in CONFIGURATION and name not in known:
            raise SettingError(
                name,
                f'The setting {name} of all runs is base={{"{name}": {shown(value)}}}; one that '
                f'varies is grid={{"{name}": [...]}}.',
            )
        if name not in known:
            raise SettingError(name, f"A sweep has no {shown(name)}.{did_you_mean(name, known)}")
