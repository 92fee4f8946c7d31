"""A thread that trains an engine while a page looks on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from .engine import Engine
from .nn.record import StepRecord

SWITCH_INTERVAL = 0.0002
"""Seconds after which a thread that wants the interpreter gets it; the default is 0.005.

A frame goes to the browser in dozens of small writes, each of which may have to wait for that.
"""


class Worker:
    """Advances an engine in a thread of its own, and hands out the newest record on request.

    The thread touches the engine and nothing else. It ends when `stop` is called, when its goal
    is reached, when a step raises, or with the process.

    Attributes
    ----------
    error : Exception or None
        What ended the last run of the thread before its time.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._thread: Thread | None = None
        self._stopping = Event()
        self._may_step = Event()
        self._may_step.set()
        self._record_wanted = False
        self._newest: StepRecord | None = None
        self.error: Exception | None = None

    @property
    def running(self) -> bool:
        """Whether the thread is training."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, done: Callable[[], bool], steps_per_second: float | None = None) -> None:
        """Advance the engine until `done` says so, as fast as it can or at a given rate."""
        self.stop()
        sys.setswitchinterval(min(SWITCH_INTERVAL, sys.getswitchinterval()))
        self.error = None
        self._newest = None
        self._stopping.clear()
        self._engine.hand_over(to_worker=True)
        self._thread = Thread(
            target=self._work, args=(done, steps_per_second), name="training", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End the thread after its present step; return when it has ended."""
        self._stopping.set()
        self._may_step.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def take_record(self) -> StepRecord | None:
        """Return the record asked for last time, if it is there, and ask for the next."""
        record, self._newest = self._newest, None
        self._record_wanted = True
        return record

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Let the thread wait between two steps while the caller works.

        Both would else fight over the interpreter, and a page would answer late.
        """
        self._may_step.clear()
        try:
            yield
        finally:
            self._may_step.set()

    def _work(self, done: Callable[[], bool], steps_per_second: float | None) -> None:
        engine = self._engine
        try:
            while not done():
                self._may_step.wait()
                if self._stopping.is_set():
                    break
                engine.take_messages()
                recording, self._record_wanted = self._record_wanted, False
                record = engine.advance(engine.settings.batch_size, recording=recording)
                if record is not None:
                    self._newest = record
                if steps_per_second is not None:
                    self._stopping.wait(1 / steps_per_second)
        except Exception as error:
            self.error = error
        finally:
            engine.hand_over(to_worker=False)
