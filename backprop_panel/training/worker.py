"""A thread that trains an engine while a page looks on."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Thread
from time import perf_counter

import numpy as np

from ..nn.record import StepRecord
from .command_queue import CommandQueue
from .engine import Engine
from .turnstile import Turns

SWITCH_INTERVAL = 0.0002
"""Seconds after which a thread that wants the interpreter gets it; the default is 0.005.

A frame goes to the browser in dozens of small writes, each of which may have to wait for that.
"""

BLOCK_SECONDS = 0.004
"""How long the thread trains, about, before it looks at what is wanted of it."""

REST_SECONDS = 0.02
"""How long it rests, about, between steps at a rate too high for one rest a step."""

COMMAND_SECONDS = 0.1
"""How long a command waits at most, however slow the pace."""

LOSSES_AVERAGED = 32
"""Over how many steps the loss is averaged that is held against `StopWhen.loss_below`."""


TURNS = Turns()
"""Those of all threads that train. A page withholds them while it draws, to answer at once."""


@dataclass(frozen=True)
class StopWhen:
    """When a worker stops by itself; what is None never stops it.

    Parameters
    ----------
    step, epoch : int, optional
        As soon as so many updates have been made, or passes completed.
    loss_below : float, optional
        As soon as the training loss, averaged over the last 32 steps, is below.
    not_finite : bool
        As soon as a loss is infinite or not a number.
    """

    step: int | None = None
    epoch: int | None = None
    loss_below: float | None = None
    not_finite: bool = False

    def reason(self, engine: Engine, since: int) -> str | None:
        """Say why to stop now, given the step `since` which was looked at before; or None."""
        if self.step is not None and engine.step >= self.step:
            return f"step {self.step} is reached"
        if self.epoch is not None and engine.reading.epoch >= self.epoch:
            return f"epoch {self.epoch} is completed"
        losses = engine.history["loss"]
        if self.not_finite and not np.isfinite(losses[since:]).all():
            step = since + int(np.argmin(np.isfinite(losses[since:]))) + 1
            return f"the loss of step {step} is not finite"
        mean = losses[-LOSSES_AVERAGED:].mean() if self.loss_below and len(losses) else np.inf
        if self.loss_below is not None and mean < self.loss_below:
            return f"the loss is below {self.loss_below:g}"
        return None

    def steps_left(self, engine: Engine) -> int:
        """Return how many steps there are to the `step` at which to stop, without it many."""
        return sys.maxsize if self.step is None else self.step - engine.step


class Pace:
    """How many steps to make before looking around, and how long to rest after them.

    Parameters
    ----------
    steps_per_second : float, optional
        None for as many as there can be.

    Attributes
    ----------
    steps : int
        How many to make next.
    rest : float
        Seconds to wait before.
    long : bool
        Whether even one takes long.
    """

    def __init__(self, steps_per_second: float | None = None) -> None:
        self._wanted = steps_per_second
        self.steps = 1 if steps_per_second is None else max(1, int(steps_per_second * REST_SECONDS))
        self.rest = 0.0
        self.long = False

    def made(self, steps: int, seconds: float) -> None:
        """Learn how long it took."""
        self.long = seconds > steps * BLOCK_SECONDS
        if self._wanted is None:
            self.steps = max(1, int(steps * BLOCK_SECONDS / max(seconds, 1e-9)))
        else:
            self.rest = max(0.0, steps / self._wanted - seconds)


class Worker:
    """Advances an engine in a thread of its own, and hands out the newest record on request.

    The thread touches the engine and nothing else. It ends when `stop` is called, when there is
    a reason to stop, when a step raises, or with the process.

    Parameters
    ----------
    engine : Engine
    commands : CommandQueue
        The commands that it runs between two steps.
    claim : callable, optional
        Called by `start`; raises `SettingError` if the engine may not be trained now.

    Attributes
    ----------
    stop_when : StopWhen
        When it stops by itself; it may be replaced at any time.
    error : Exception or None
        What ended the last run of the thread before its time.
    reason : str or None
        Why it stopped by itself.
    """

    def __init__(
        self, engine: Engine, commands: CommandQueue, claim: Callable[[], None] = lambda: None
    ) -> None:
        self._engine = engine
        self._commands = commands
        self._claim = claim
        self._thread: Thread | None = None
        self._stopping = Event()
        self._hurry = Event()
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
        """Advance the engine until there is a reason to stop, at a given rate or at full speed."""
        self.stop()
        sys.setswitchinterval(min(SWITCH_INTERVAL, sys.getswitchinterval()))
        self.error = self.reason = self._newest = None
        self.stop_when = stop_when
        self._pace = Pace(steps_per_second)
        self._stopping.clear()
        self._awake.clear()
        with self._commands.locked():  # so that the lease is not given back before the first step
            self._claim()
            self._commands.start_stepping()
        self._thread = Thread(target=self._work, name="training", daemon=True)
        self._thread.start()

    def set_pace(self, steps_per_second: float | None) -> None:
        """Go on at another rate, or at full speed."""
        self._pace = Pace(steps_per_second)
        self._hurry.set()

    def stop(self) -> None:
        """End the thread after its present step; return when it has ended."""
        self._stopping.set()
        self._hurry.set()
        self._awake.set()
        TURNS.give()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def fail(self, reason: Exception) -> None:
        """End the thread after its present step, with `reason` as its error: it fails no other way.

        The first reason is kept.
        """
        self.error = self.error or reason
        self._stopping.set()
        self._hurry.set()
        self._awake.set()

    def take_record(self) -> StepRecord | None:
        """Return the record asked for last time, if it is there, and ask for the next."""
        record, self._newest = self._newest, None
        self.want_record()
        return record

    def want_record(self) -> None:
        """Ask for the next step's record, in place of the one that was asked for last."""
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
                if self._stopping.is_set():  # as it may have been while it was at work
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
        while not self._hurry.wait(min(max(end - perf_counter(), 0), COMMAND_SECONDS)):
            if perf_counter() >= end:
                break
            self._commands.run_waiting()
        self._hurry.clear()

    def _step(self, most: int) -> None:
        """Make one step for those who look, or as many as the pace allows."""
        engine = self._engine
        size = engine.settings.batch_size
        pace, begin = self._pace, perf_counter()
        if self._record_wanted:
            self._record_wanted = False
            self._newest, steps = engine.observe(size), 1
        else:
            steps = engine.advance(size, min(most, pace.steps))
        pace.made(steps, perf_counter() - begin)
