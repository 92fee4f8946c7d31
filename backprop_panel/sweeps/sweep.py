"""A sweep as it is made, loaded, run and opened."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..runs.manager import TrainingRun, TrainingRunManager
from ..settings import checked_whole
from ..storage.database import Store, refuse_no_store
from .background import BackgroundTraining
from .cluster import cores, refuse_unguarded
from .estimate import estimated_seconds
from .plan import Plan
from .plan_checks import refuse_unknown_fields
from .progress_line import show_until_end
from .resources import opened_manager
from .schedule import Schedule
from .stored_sweeps import find_sweep, named_if_unreadable, plan_of
from .sweep_store import SweepStore
from .trial import Trial

if TYPE_CHECKING:
    from distributed import Client


class Sweep(BackgroundTraining):
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
        refuse_unknown_fields(plan, Plan.__dataclass_fields__)
        plan = Plan(base={} if base is None else base, **plan)
        Schedule(plan, {}, str).try_sampler()
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
        UnreadableSweep
            If it is not as it was written to the store; the message names it and the reason.
        """
        if isinstance(store, (str, Path)):
            refuse_no_store(store)
        manager, close = opened_manager(manager, store, user)
        sweep = object.__new__(cls)
        with ExitStack() as closing:
            closing.callback(close)  # of what was opened here, unless the sweep is returned
            row = find_sweep(manager.store, manager.user, which)
            plan = plan_of(row)
            with named_if_unreadable(row.name):
                sweep._set(plan, manager, close, SweepStore(manager.store, manager.user, row.id))
            closing.pop_all()
        return sweep

    def _set(
        self,
        plan: Plan,
        manager: TrainingRunManager,
        close: Callable[[], None],
        sweep_store: SweepStore | None,
    ) -> None:
        begun = sweep_store.trials(plan) if sweep_store else []
        trials = {trial.number: trial for trial in begun}
        super().__init__(plan, trials, sweep_store or SweepStore(manager.store, manager.user))
        self.manager, self._close = manager, close

    @property
    def id(self) -> str:
        """The id of the sweep in its store."""
        return self._sweep_store.id

    def run(self, client: Client | str | int | None = None) -> Sweep:
        """Train all runs and wait for the end; Ctrl-C keeps what is done.

        A terminal or a notebook shows how far it is, and the time left. Where stderr is redirected
        to a file, nothing is written.

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
            show_until_end(self)
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
            If one of those runs cannot be made, or `workers` is no whole number of at least 1.
        """
        workers = cores() if workers is None else checked_whole("workers", workers, least=1)
        return estimated_seconds(self.plan) / workers

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
        trial = which if isinstance(which, Trial) else self.named(which)
        self.manager.refresh()
        return self.manager.run(trial.run_id)

    def close(self) -> None:
        """Pause, and close the store if the sweep has opened it."""
        self.pause()
        self._close()
