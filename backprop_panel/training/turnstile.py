"""A turnstile for threads that share one interpreter."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock


class Turnstile:
    """Lets threads work one at a time, each for a short while, in the order of their arrival.

    Twenty threads that compete for the interpreter do a third of the work that they do in turns.
    Threads with long turns wait in a second queue. They mostly run inside a matrix library, which
    releases the interpreter, so that the other threads need not wait for them.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._queues: dict[bool, deque[Event]] = {False: deque(), True: deque()}
        self._open = Event()
        self._open.set()

    @contextmanager
    def turn(self, awake: Event, long: bool = False) -> Iterator[None]:
        """Wait for a turn, which lasts until the end of the block.

        Parameters
        ----------
        awake : Event
            The thread's own. If another thread sets it, the wait ends without a turn.
        long : bool
            Whether the turn takes longer than other threads should wait.
        """
        queue = self._queues[long]
        with self._lock:
            queue.append(awake)
            if queue[0] is awake:
                awake.set()
        awake.wait()
        self._open.wait()
        try:
            yield
        finally:
            self._leave(queue, awake)

    @property
    def contended(self) -> bool:
        """Whether two threads or more have a turn or wait for one."""
        return sum(map(len, self._queues.values())) > 1

    @contextmanager
    def withheld(self) -> Iterator[None]:
        """Let no turn begin during the block."""
        self._open.clear()
        try:
            yield
        finally:
            self.resume()

    def resume(self) -> None:
        """Let turns begin again."""
        self._open.set()

    def _leave(self, queue: deque[Event], awake: Event) -> None:
        with self._lock:
            had_the_turn = queue[0] is awake
            queue.remove(awake)
            awake.clear()
            if had_the_turn and queue:
                queue[0].set()
