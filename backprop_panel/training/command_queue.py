"""Commands that change an engine between two of its steps, from any thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import RLock

from ..settings import SettingError

Command = Callable[[], None]


class CommandQueue:
    """Runs commands at once, or between two steps while a thread steps the engine."""

    def __init__(self) -> None:
        self._waiting: deque[Command] = deque()
        # Reentrant, since a command may put another.
        self._lock = RLock()
        self._stepping = False

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep all other threads from putting commands and from starting to step."""
        with self._lock:
            yield

    def put(self, command: Command) -> None:
        """Run a command now or, while a thread steps the engine, before its next step."""
        with self._lock:
            if self._stepping:
                self._waiting.append(command)
            else:
                command()

    def run_if_idle(self, command: Command) -> None:
        """Run a command if no thread steps the engine; none starts to meanwhile."""
        with self._lock:
            if not self._stepping:
                command()

    def run_waiting(self) -> None:
        """Run the commands that are waiting; the thread that steps calls this between steps.

        All of them are run. If some raise, the first error is raised after the last.
        """
        errors: list[Exception] = []
        while self._waiting:
            try:
                self._waiting.popleft()()
            except Exception as error:
                errors.append(error)
        if errors:
            raise errors[0]

    def start_stepping(self) -> None:
        """Let commands wait while the calling thread, or one that it starts, steps the engine.

        Raises
        ------
        SettingError
            If a thread steps the engine already, as two would make the same step at once.
        """
        with self._lock:
            if self._stepping:
                raise SettingError(
                    "training",
                    "This run is being trained already, by its worker or another thread: stop that "
                    "first, for example by run.worker.stop().",
                )
            self._stepping = True

    def stop_stepping(self) -> None:
        """Run commands at once from here on, those that are waiting first."""
        with self._lock:
            self._stepping = False
            self.run_waiting()
