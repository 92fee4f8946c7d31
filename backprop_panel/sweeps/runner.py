"""The runner of a sweep: it hands out tasks, takes the reports, and writes the store."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from queue import Empty, SimpleQueue
from threading import main_thread
from time import monotonic
from typing import TYPE_CHECKING, Any

from ..settings import SettingError, shortened
from ..storage.remote_run import RemoteRun
from ..storage.run_delta import Conflict
from ..version import __version__
from . import reports
from .attempts import Attempt, SchedulerGone
from .cluster import refuse_other_versions, train_on_worker
from .record import Record
from .reports import Report
from .schedule import Assignment, Schedule
from .task import Task
from .trial import RUNNING, WAITING, Trial

if TYPE_CHECKING:
    from distributed import Client, Future

MOST_RESTARTS = 3
"""How often a run may have to begin again before it is taken for the cause."""

CAPACITY_SECONDS = 2.0
"""Time between two looks at how many workers there are."""

GOODBYE_SECONDS = 5.0
"""How long to wait for the last reports of runs that were told to stop."""

WAIT_SECONDS = 0.1

TAKING_SECONDS = 0.2
"""Longest time of taking reports before tasks are handed out and the store is written again."""


class Runner:
    """Trains the runs of a schedule on a cluster, until there are no more or it is told to stop.

    Parameters
    ----------
    client : Client
    schedule : Schedule
    record : Record
    on_change : callable
        Called between two messages when something has changed.
    """

    def __init__(
        self,
        client: Client,
        schedule: Schedule,
        record: Record,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._client, self._schedule, self._record = client, schedule, record
        self._on_change = on_change
        self._messages: SimpleQueue[tuple[Any, ...]] = SimpleQueue()
        self._attempts: dict[str, Attempt] = {}
        self._changed: dict[int, Trial] = {}
        self._unfit: dict[str, str] = {}
        self._numbers = count()
        self._capacity, self._capacity_due = 0, 0.0
        self._stopping = False
        self._topic = f"backprop_panel {record.id}"
        self._address = client.scheduler.address if client.scheduler else ""

    @property
    def refusals(self) -> list[str]:
        """Why workers were refused, one sentence each."""
        return [f"The worker {worker} is not used: {why}." for worker, why in self._unfit.items()]

    @property
    def workers(self) -> int:
        """How many runs can be trained at once."""
        return self._capacity

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
        self._record.claim()
        refuse_other_versions(self._client)
        self._client.subscribe_topic(self._topic, self._take_event)
        try:
            while self._work():
                pass
        finally:
            self._wind_up()

    def _work(self) -> bool:
        """Hand out tasks and take what comes; tell whether to go on."""
        # A process that ends, as a server after Ctrl-C, has no threads for another task.
        if self._stopping or not main_thread().is_alive() or self._fill():
            return False
        self._look_for_done()
        self._take_messages(WAIT_SECONDS)
        if self._record.is_due:
            self.save()
        if self._client.status != "running":
            raise SchedulerGone(self._address)
        return True

    def save(self) -> None:
        """Write what has changed; it stays in memory if the store fails."""
        for trial in self._changed.values():
            if trial.run is not None:
                trial.measure()
        changed = list(self._changed.values())
        if changed:
            self._record.save(changed)
        for trial in changed:
            if trial.status != RUNNING and not any(
                attempt.trial is trial for attempt in self._attempts.values()
            ):
                trial.let_go()
        self._changed = {}
        self._on_change()

    def _fill(self) -> bool:
        """Keep each worker busy, with one run more waiting for it; tell if all is done."""
        if monotonic() >= self._capacity_due:
            self._count_workers()
        while len(self._attempts) < 2 * self._capacity:
            assignment = self._schedule.next()
            if assignment is None:
                return not self._attempts
            self._submit(assignment)
        return False

    def _count_workers(self) -> None:
        try:
            threads = self._client.nthreads()
        except Exception:  # whatever is wrong with the connection
            raise SchedulerGone(self._address) from None
        self._record.claim()  # its heartbeat
        fit = {worker: n for worker, n in threads.items() if worker not in self._unfit}
        if threads and not fit:
            raise SettingError("client", " ".join(self.refusals))
        self._capacity = sum(fit.values())
        self._capacity_due = monotonic() + CAPACITY_SECONDS

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
        fit = None
        if self._unfit:
            fit = [worker for worker in self._client.nthreads() if worker not in self._unfit]
        # Retries are the sweep's own: they begin at the last checkpoint.
        future = self._client.submit(
            train_on_worker, task, self._topic, key=key, pure=False, retries=0, workers=fit
        )
        self._attempts[key] = Attempt(key, assignment, future)

    def _prepare(self, trial: Trial) -> None:
        """Have the checkpoint of a run at hand, from memory or from the store."""
        if trial.run is None and trial.step:
            trial.run = self._record.read_run(trial)
        if trial.run is not None:
            trial.run.return_to_state()

    def _take_event(self, event: tuple[float, Any]) -> None:
        """Take an event; called in the client's thread, which must not wait."""
        self._messages.put(("report", event[1]["report"], event[1].get("worker", "")))

    def _look_for_done(self) -> None:
        """Note which tasks have ended, behind the reports that they sent before.

        A callback of Dask's would be called by a pool of threads, which takes none while the
        process ends.
        """
        for attempt in self._attempts.values():
            if not attempt.ended and attempt.future.done():
                attempt.ended = True
                self._messages.put(("done", attempt.future))

    def _take_messages(self, wait: float) -> None:
        """Take what messages there are, for a while, or wait for one."""
        until = monotonic() + TAKING_SECONDS
        try:
            self._take(*self._messages.get(timeout=wait))
            while monotonic() < until:
                self._take(*self._messages.get_nowait())
        except Empty:
            return

    def _take(self, kind: str, *content: Any) -> None:
        match kind:
            case "report":
                data, worker = content
                self._take_report(Report.unpacked(data), worker)
            case "done":
                self._take_done(*content)

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
            name = self._schedule.plan.run_name(trial.number)
            trial.run = RemoteRun(trial.run_id, name, report.config)
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
                self._unfit[attempt.worker] = report.reason
                self._capacity_due = 0.0
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

    def _take_done(self, future: Future) -> None:
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
            raise SchedulerGone(self._address)

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
            self._take_messages(WAIT_SECONDS)
        for attempt in list(self._attempts.values()):
            self._set_aside(attempt)
        if running:
            self._client.unsubscribe_topic(self._topic)
        self.save()
        self._record.release(self._schedule.trials.values())

    def _set_aside(self, attempt: Attempt) -> None:
        """Give back a run whose task is given up."""
        trial = attempt.trial
        del self._attempts[attempt.key]
        if trial.status == RUNNING:
            trial.status = WAITING
        self._changed[trial.number] = trial
        self._schedule.give_back(attempt.assignment)
