"""A thread that trains an engine in the background."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread
from time import perf_counter

from ..interrupts import interrupts_deferred
from ..nn.record import StepRecord
from ..settings import SettingError, shown
from .command_queue import CommandQueue
from .engine import Engine
from .pace import Pace
from .stop_conditions import StopWhen
from .turnstile import Turnstile

COMMAND_SECONDS = 0.1
"""Longest wait of a command, however slow the pace."""

TURNS = Turnstile()
"""The turnstile of all training threads; a page withholds turns while it draws."""


class Worker:
    """Advances an engine in a thread of its own, and returns the newest record on request.

    The thread uses the engine and its commands only. It ends when `stop` is called, when a
    condition to stop is met, when a step or a command raises, or with the process.

    Parameters
    ----------
    engine : Engine
    commands : CommandQueue
        The commands to run between two steps.
    claim : callable, optional
        Called by `start`; raises `SettingError` if the engine may not be trained now.

    Attributes
    ----------
    stop_when : StopWhen
        When the thread stops by itself; it may be replaced at any time.
    error : Exception or None
        The error that ended the thread.
    reason : str or None
        Why the thread stopped by itself.
    """

    def __init__(
        self, engine: Engine, commands: CommandQueue, claim: Callable[[], None] = lambda: None
    ) -> None:
        self._engine = engine
        self._commands = commands
        self._claim = claim
        self._thread: Thread | None = None
        self._stopping = Event()
        self._end_rest = Event()
        self._awake = Event()
        self._record_wanted = False
        self._newest: StepRecord | None = None
        self._pace = Pace()
        self.stop_when = StopWhen()
        self.error: Exception | None = None
        self.reason: str | None = None

    @property
    def running(self) -> bool:
        """Whether the thread is training."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, stop_when: StopWhen, steps_per_second: float | None = None) -> None:
        """Train until a condition to stop is met, at a given rate or at full speed.

        Raises
        ------
        SettingError
            If another process trains the run, the rate is no number above 0, or `stop_when` is
            none.
        """
        if not isinstance(stop_when, StopWhen):
            raise SettingError(
                "stop_when", f"stop_when must be a StopWhen; got {shown(stop_when)}."
            )
        pace = Pace(steps_per_second)
        self.stop()
        self.error = self.reason = self._newest = None
        self.stop_when = stop_when
        self._pace = pace
        self._stopping.clear()
        self._awake.clear()
        with interrupts_deferred():
            # Locked, so that the lease is not given back before the first step.
            with self._commands.locked():
                self._claim()
                self._commands.start_stepping()
            self._thread = Thread(target=self._work, name="training", daemon=True)
            self._thread.start()

    def set_pace(self, steps_per_second: float | None) -> None:
        """Change the rate; None is full speed."""
        self._pace = Pace(steps_per_second)
        self._end_rest.set()

    def stop(self) -> None:
        """End the thread after its present step, and wait for that."""
        self._stopping.set()
        self._end_rest.set()
        self._awake.set()
        TURNS.resume()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def fail(self, reason: Exception) -> None:
        """End the thread after its present step, with `reason` as its error.

        A worker fails in no other way. Of several reasons the first is kept.
        """
        self.error = self.error or reason
        self._stopping.set()
        self._end_rest.set()
        self._awake.set()

    def take_record(self) -> StepRecord | None:
        """Return the requested record, None if it is not made yet, and request the next."""
        record, self._newest = self._newest, None
        self.want_record()
        return record

    def want_record(self) -> None:
        """Request the record of the next step, in place of an earlier request."""
        self._record_wanted = True

    def _work(self) -> None:
        engine, since = self._engine, self._engine.step
        try:
            while (reason := self.stop_when.reason(engine, since)) is None:
                with TURNS.turn(self._awake, self._pace.long):
                    if self._stopping.is_set():
                        break
                    self._commands.run_waiting()
                    since = engine.step
                    self._step(self.stop_when.steps_left(engine))
                self._rest()
                if self._stopping.is_set():  # set during the step
                    break
            self.reason = reason
        except Exception as error:
            self.fail(error)
        try:
            self._commands.stop_stepping()
        except Exception as error:  # of a command that was still waiting
            self.fail(error)

    def _rest(self) -> None:
        """Wait until the next step is due, and run commands meanwhile."""
        end = perf_counter() + self._pace.rest
        while not self._end_rest.wait(min(max(end - perf_counter(), 0), COMMAND_SECONDS)):
            if perf_counter() >= end:
                break
            self._commands.run_waiting()
        self._end_rest.clear()

    def _step(self, most: int) -> None:
        """Make one step with its record if one is requested, or as many as the pace allows."""
        engine = self._engine
        size = engine.settings.batch_size
        pace, begin = self._pace, perf_counter()
        if self._record_wanted:
            self._record_wanted = False
            self._newest, steps = engine.record_step(size), 1
        else:
            steps = engine.advance(size, min(most, pace.steps))
        pace.made(steps, perf_counter() - begin)
