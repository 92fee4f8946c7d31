"""What is to be done to an engine between two of its steps, whoever makes them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Lock


class Mailbox:
    """Takes actions; runs them at once, or hands them to the worker that has the engine."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()
        self._lock = Lock()
        self._has_reader = False

    def put(self, action: Callable[[], None]) -> None:
        """Run `action` now, or, while a worker has the engine, before its next step."""
        with self._lock:
            if self._has_reader:
                self._waiting.append(action)
                return
        action()

    def empty(self) -> None:
        """Run the actions that are waiting; the worker calls this between steps."""
        while self._waiting:
            self._waiting.popleft()()

    def has_reader(self, reader: bool) -> None:
        """Say whether a worker has the engine; what still waits when it leaves is run."""
        with self._lock:
            self._has_reader = reader
            self.empty()
