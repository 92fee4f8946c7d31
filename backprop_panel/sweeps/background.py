"""The training of a sweep in a thread of its own: begun, waited for, paused and watched."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING

from ..interrupts import interrupts_deferred
from ..settings import SettingError
from ..storage.sweep_rows import RUN_ELSEWHERE
from .overview import Overview
from .plan import Plan
from .resources import checked_client, client_of
from .runner import Runner
from .schedule import Schedule
from .sweep_store import SweepStore
from .trial import FAILED, FINISHED, STOPPED, WAITING, Trial

if TYPE_CHECKING:
    from distributed import Client


class BackgroundTraining(Overview):
    """Trains the runs of a plan that are not finished, in the background.

    Parameters
    ----------
    plan : Plan
    trials : dict of int to Trial
    sweep_store : SweepStore

    Attributes
    ----------
    problem : str
        Why it ended before its end; empty if it did not.
    cancelled : bool
        Whether it was, or is being, ended by `cancel`.
    """

    def __init__(self, plan: Plan, trials: dict[int, Trial], sweep_store: SweepStore) -> None:
        self.plan, self.trials, self._sweep_store = plan, trials, sweep_store
        self._schedule = Schedule(plan, trials, sweep_store.run_id)
        self._runner: Runner | None = None
        self._ended, self._pausing = Event(), False
        self._ended.set()
        self._watchers: list[Callable[[], None]] = []
        self._began, self._done_before = 0.0, 0
        self.problem, self.cancelled = "", False
        self._error: Exception | None = None

    @property
    def running(self) -> bool:
        """Whether runs are being trained."""
        return not self._ended.is_set()

    @property
    def run_elsewhere(self) -> bool:
        """Whether another window or process trains it."""
        return not self.running and self._sweep_store.is_run_elsewhere

    @property
    def pausing(self) -> bool:
        """Whether runs are being stopped."""
        return self.running and self._pausing

    @property
    def awaits_workers(self) -> bool:
        """Whether it is running on a cluster that has no worker at the moment."""
        return self.running and self._runner is not None and self._runner.workers.are_missing

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
        """What a person should know: why it ended, who else runs it, which workers are not used."""
        notices = [self.problem] if self.problem else []
        if self.run_elsewhere and RUN_ELSEWHERE not in notices:
            notices.append(RUN_ELSEWHERE)
        return notices + (self._runner.workers.refusals if self._runner else [])

    @interrupts_deferred()
    def start(self, client: Client | str | int | None = None) -> None:
        """Begin, or go on, in a thread of its own; `wait` waits for the end.

        The sweep is in the store from then on. Of sweeps with one name, the second is
        ``name (2)``.

        Raises
        ------
        SettingError
            If it is running, here or in another window or process, there is no such client, or its
            sampler cannot work here.
        StoreError
            If the store cannot be written.
        """
        client = checked_client(client)
        self._refuse_running()
        if self._sweep_store.entered and not self.finished:  # by another machine, perhaps
            self._schedule.try_sampler()
        self._catch_up()
        if not self._sweep_store.entered:
            self.plan = self._schedule.plan = self._sweep_store.enter(self.plan)
        if self.finished:
            self._sweep_store.release([])
            return
        self.problem, self.cancelled, self._error = "", False, None
        self._began, self._done_before = monotonic(), self.progress
        self._runner, self._pausing = None, False
        self._ended.clear()
        Thread(target=self._work, args=(client,), name="sweep", daemon=True).start()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the end, for so many seconds at most; return whether it has come.

        Raises
        ------
        SettingError
            As `run`.
        """
        # The thread is not joined: Python 3.11 takes it for ended if Ctrl-C interrupts that.
        has_ended = self._ended.wait(seconds)
        if has_ended and self._error is not None:
            raise self._error
        return has_ended

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
        self._catch_up()
        self._schedule.resume_stopped()

    def refresh(self) -> None:
        """Take what another window or process has trained since, unless the sweep is running here.

        Raises
        ------
        UnreadableSweep
        StoreError
        """
        if not self.running and self._sweep_store.entered:
            self._take_newer((FAILED, FINISHED, STOPPED))

    def watch(self, watcher: Callable[[], None]) -> None:
        """Call `watcher` whenever something has changed, about once a second, in any thread."""
        self._watchers.append(watcher)

    def unwatch(self, watcher: Callable[[], None]) -> None:
        """Call `watcher` no more."""
        self._watchers.remove(watcher)

    def _catch_up(self) -> None:
        """Claim the sweep, and take what another window or process has trained."""
        if self._sweep_store.entered:
            self._sweep_store.claim()
            # In the store, a run that is resumed here is stopped until it is trained.
            self._take_newer((FAILED, FINISHED))

    def _take_newer(self, ends: tuple[str, ...]) -> None:
        """Take the runs that another window or process has trained on, or that have such an end."""
        stored = self._sweep_store.trials(self.plan)
        newer = {each.number: each for each in stored if self._is_behind(each, ends)}
        if newer:
            self.trials.update(newer)
            self._schedule = Schedule(self.plan, self.trials, self._sweep_store.run_id)

    def _is_behind(self, stored: Trial, ends: tuple[str, ...]) -> bool:
        """Tell whether a run was trained on, or has ended, since it was read here."""
        known = self.trials.get(stored.number)
        if known is None or stored.step > known.step:
            return True
        return known.status == WAITING and stored.status in ends

    def _work(self, client: Client | str | int | None) -> None:
        """Train in the sweep's thread; an error is kept for `wait`."""
        try:
            counts = self.counts
            with client_of(client, self.plan.runs - counts[FINISHED] - counts[FAILED]) as there:
                self._runner = Runner(there, self._schedule, self._sweep_store, self._tell)
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

    def _refuse_running(self) -> None:
        if self.running:
            raise SettingError("sweep", "The sweep is running: pause it first.")
