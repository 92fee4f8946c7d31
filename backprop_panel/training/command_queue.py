"""What is to be done to an engine between two of its steps, whoever makes them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import RLock


def no_claim() -> None:
    """Let everyone change the engine at any time."""


class Mailbox:
    """Takes actions; runs them at once, or hands them to the one that has the engine.

    Attributes
    ----------
    claim : callable
        Called before the engine is changed; raises `SettingError` if that may not be now. A
        store puts its lease here.
    """

    def __init__(self) -> None:
        self.claim: Callable[[], None] = no_claim
        self._waiting: deque[Callable[[], None]] = deque()
        # Held while an action runs, so that nobody begins to step meanwhile; an action may put
        # another.
        self._lock = RLock()
        self._readers = 0

    def put(self, action: Callable[[], None]) -> None:
        """Change the engine by `action` now, or, while somebody has it, before its next step."""
        with self._lock:
            self.claim()
            self.pass_on(action)

    def pass_on(self, action: Callable[[], None]) -> None:
        """Do the same with an action that changes nothing that is logged: it claims nothing."""
        with self._lock:
            if self._readers:
                self._waiting.append(action)
            else:
                action()

    def if_free(self, action: Callable[[], None]) -> None:
        """Run `action` if nobody has the engine; nobody gets it meanwhile."""
        with self._lock:
            if not self._readers:
                action()

    def empty(self) -> None:
        """Run the actions that are waiting; who has the engine calls this between steps.

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

    def has_reader(self, reader: bool) -> None:
        """Say that one takes the engine, or leaves it; what still waits after the last is run."""
        with self._lock:
            if reader:
                self.claim()
            self._readers += 1 if reader else -1
            if not self._readers:
                self.empty()

    @contextmanager
    def having_engine(self) -> Iterator[None]:
        """Have the engine for the steps in a block."""
        self.has_reader(True)
        try:
            yield
        finally:
            self.has_reader(False)
