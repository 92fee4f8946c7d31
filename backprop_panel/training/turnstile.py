"""Turns, which threads take that share one interpreter."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock


class Turns:
    """Lets threads work one at a time, each for a short while, in the order in which they came.

    Twenty threads that fight over the interpreter get through a third of what they do in turn.
    Those whose turns are long are mostly within a matrix library, which leaves the interpreter to
    others: they have a queue of their own, or the others would wait for them.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._queues: dict[bool, deque[Event]] = {False: deque(), True: deque()}
        self._open = Event()
        self._open.set()

    @contextmanager
    def turn(self, awake: Event, long: bool = False) -> Iterator[None]:
        """Wait for one's turn, and have it until the end of the block.

        Parameters
        ----------
        awake : Event
            The thread's own. Whoever else sets it ends the wait before its time.
        long : bool
            Whether it will take longer than others should wait.
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

    @contextmanager
    def withheld(self) -> Iterator[None]:
        """Let nobody's turn begin while the caller works."""
        self._open.clear()
        try:
            yield
        finally:
            self.give()

    def give(self) -> None:
        """Let turns begin again."""
        self._open.set()

    def _leave(self, queue: deque[Event], awake: Event) -> None:
        with self._lock:
            had_it = queue[0] is awake
            queue.remove(awake)
            awake.clear()
            if had_it and queue:
                queue[0].set()
