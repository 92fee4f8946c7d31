"""The runner of a sweep: it hands out tasks, takes the reports, and writes the store."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count, islice
from threading import main_thread
from time import monotonic
from typing import TYPE_CHECKING

from ..settings import shortened
from ..storage.remote_run import RemoteRun
from ..storage.run_delta import Conflict
from ..version import __version__
from . import reports
from .attempts import Attempt, SchedulerGone
from .cluster import refuse_other_versions, tell_loss_once, train_on_worker
from .inbox import Inbox
from .reports import Report
from .schedule import Assignment, Schedule
from .sweep_store import SAVED_TOGETHER, SweepStore
from .task import Task
from .trial import RUNNING, WAITING, Trial
from .workers import Workers

if TYPE_CHECKING:
    from distributed import Client, Future

MOST_RESTARTS = 3
"""How often a run may begin again before it counts as the cause, and fails."""

GOODBYE_SECONDS = 5.0
"""How long to wait for the last reports of runs that were told to stop."""


class Runner:
    """Trains the runs of a schedule on a cluster, until there are no more or it is told to stop.

    Parameters
    ----------
    client : Client
    schedule : Schedule
    sweep_store : SweepStore
    on_change : callable
        Called between two messages when something has changed.

    Attributes
    ----------
    workers : Workers
    """

    def __init__(
        self,
        client: Client,
        schedule: Schedule,
        sweep_store: SweepStore,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._client, self._schedule, self._sweep_store = client, schedule, sweep_store
        self._on_change = on_change
        self.workers = Workers(client)
        self._inbox = Inbox(client, f"backprop_panel {sweep_store.id}")
        self._attempts: dict[str, Attempt] = {}
        self._changed: dict[int, Trial] = {}
        self._numbers = count()
        self._stopping = False

    def stop(self) -> None:
        """End after the last reports of the runs that are trained now."""
        self._stopping = True  # no message, which would wait behind the reports

    def run(self) -> None:
        """Train until everything is done, or `stop` is called.

        Raises
        ------
        SchedulerGone
        StoreError
            What has come is still in memory: another `run` saves it.
        """
        self._sweep_store.claim()
        refuse_other_versions(self._client)
        tell_loss_once()
        self._inbox.open()
        try:
            while self._work():
                pass
        finally:
            self._wind_up()

    def _work(self) -> bool:
        """Hand out tasks and take what comes; tell whether to go on."""
        # While the process ends, as a server does after Ctrl-C, no thread can take another task.
        if self._stopping or not main_thread().is_alive() or self._fill():
            return False
        self._inbox.look_for_ended(self._attempts.values())
        self._take_messages()
        if self._sweep_store.is_due:
            self.save()
        if self._client.status != "running":
            raise SchedulerGone(self.workers.address)
        return True

    def save(self) -> None:
        """Write some of what has changed longest ago; it stays in memory if the store fails."""
        changed = list(islice(self._changed.values(), SAVED_TOGETHER))
        for trial in changed:
            if trial.run is not None:
                trial.measure()
        if changed:
            self._sweep_store.save(changed)
        tried = {attempt.trial.number for attempt in self._attempts.values()}
        for trial in changed:
            if trial.status != RUNNING and trial.number not in tried:
                trial.let_go()
            del self._changed[trial.number]
        self._on_change()

    def _fill(self) -> bool:
        """Keep each worker busy, with one run more waiting for it; tell if all is done."""
        if self.workers.is_count_due:
            self.workers.count()
            self._sweep_store.claim()  # its heartbeat
            self._note_lost_workers()
        while len(self._attempts) < 2 * self.workers.capacity:
            assignment = self._schedule.next()
            if assignment is None:
                return not self._attempts
            self._submit(assignment)
        return False

    def _note_lost_workers(self) -> None:
        """Mark the runs of lost workers as waiting. Dask gives them to other workers."""
        for attempt in self._attempts.values():
            trial = attempt.trial
            is_lost = attempt.worker and attempt.worker not in self.workers.there
            if is_lost and trial.status == RUNNING:
                trial.status = WAITING
                self._changed[trial.number] = trial

    def _submit(self, assignment: Assignment) -> None:
        trial = assignment.trial
        try:
            self._prepare(trial)
        except Conflict as error:
            self._fail(trial, f"It does not go on: {error}.")
            return
        run = trial.run
        key = f"{trial.run_id}-{next(self._numbers)}"
        task = Task(
            attempt=key,
            config=self._schedule.plan.config(trial.settings, trial.settings["seed"]),
            unit=self._schedule.plan.unit,
            until=self._schedule.rungs[assignment.rung],
            version=__version__,
            state=run.state if run else None,
            health=run.health if run else [],
        )
        # Dask does not retry. The sweep does, from the last checkpoint.
        future = self._client.submit(
            train_on_worker,
            task,
            self._inbox.topic,
            key=key,
            pure=False,
            retries=0,
            workers=self.workers.fit(),
        )
        self._attempts[key] = Attempt(key, assignment, future)

    def _prepare(self, trial: Trial) -> None:
        """Have the checkpoint of a run at hand, from memory or from the store."""
        if trial.run is None and trial.step:
            trial.run = self._sweep_store.read_run(trial)
        if trial.run is not None:
            trial.run.return_to_state()

    def _take_messages(self) -> None:
        for message in self._inbox.take():
            if isinstance(message, tuple):
                self._take_report(*message)
            else:
                self._take_ended(message)

    def _take_report(self, report: Report, worker: str) -> None:
        attempt = self._attempts.get(report.attempt)
        if attempt is None:  # of a task that was given up
            return
        trial = attempt.trial
        self._changed[trial.number] = trial
        if report.begins:
            if attempt.worker:  # Dask has begun the task again, as its worker has ended
                self._begin_again(attempt)
                return
            attempt.worker, trial.status, trial.reason = worker, RUNNING, ""
        if report.config is not None and trial.run is None:
            trial.run = RemoteRun(trial.run_id, trial.name, report.config)
        if report.rows is not None:
            if report.rows.first != trial.run.history.rows:  # a report is missing
                self._begin_again(attempt)
                return
            report.rows.append_to(trial.run.history)
            trial.epoch = report.rows.epoch_after
        if report.state is not None:
            trial.run.take_state(report.state, report.health)
        if report.end:
            self._end(attempt, report)

    def _end(self, attempt: Attempt, report: Report) -> None:
        trial = attempt.trial
        del self._attempts[attempt.key]
        attempt.future.release()  # or its task would be done again if its worker ended
        if trial.run is not None:
            trial.measure()
        match report.end:
            case reports.FINISHED:
                self._schedule.reached(attempt.assignment)
            case reports.FAILED:
                self._fail(trial, report.reason)
            case reports.STOPPED:
                trial.status = WAITING
                self._schedule.give_back(attempt.assignment)
            case reports.REFUSED:
                self.workers.refuse(attempt.worker, report.reason)
                trial.status = WAITING
                self._schedule.give_back(attempt.assignment)

    def _fail(self, trial: Trial, reason: str) -> None:
        trial.reason = reason
        self._schedule.failed(trial)
        self._changed[trial.number] = trial

    def _begin_again(self, attempt: Attempt) -> None:
        """Train a run again from its last checkpoint, a few times, as something was lost."""
        trial = attempt.trial
        self._attempts.pop(attempt.key, None)
        attempt.future.cancel()
        trial.restarts += 1
        if trial.restarts > MOST_RESTARTS:
            self._fail(
                trial,
                f"it had to begin again {trial.restarts} times: its worker was killed or out of "
                "memory, or its reports were lost",
            )
            return
        trial.status = WAITING
        self._changed[trial.number] = trial
        self._schedule.give_back(attempt.assignment)

    def _take_ended(self, future: Future) -> None:
        attempt = self._attempts.get(future.key)
        if attempt is None or attempt.cancelled:
            return
        if future.status == "error":
            error = future.exception()
            if type(error).__name__ == "KilledWorker":
                self._begin_again(attempt)
                return
            del self._attempts[attempt.key]
            self._fail(attempt.trial, f"{type(error).__name__}: {shortened(error)}")
        elif future.status == "finished":  # without its last report
            self._begin_again(attempt)
        else:
            raise SchedulerGone(self.workers.address)

    def _wind_up(self) -> None:
        """Stop all tasks, take their last reports, and save everything."""
        self._stopping = True
        running = self._client.status == "running"
        attempts = list(self._attempts.values())
        for attempt in attempts:
            attempt.cancelled = True
        if running and attempts:
            self._client.cancel([attempt.future for attempt in attempts])
        for attempt in attempts:
            if not (running and attempt.worker):
                self._set_aside(attempt)
        deadline = monotonic() + GOODBYE_SECONDS
        while self._attempts and monotonic() < deadline:
            self._take_messages()
        for attempt in list(self._attempts.values()):
            self._set_aside(attempt)
        if running:
            self._inbox.close()
        while self._changed:
            self.save()
        self._sweep_store.release(self._schedule.trials.values())

    def _set_aside(self, attempt: Attempt) -> None:
        """Give back a run whose task is given up."""
        trial = attempt.trial
        del self._attempts[attempt.key]
        if trial.status == RUNNING:
            trial.status = WAITING
        self._changed[trial.number] = trial
        self._schedule.give_back(attempt.assignment)
