"""What Ctrl-C and SIGTERM do: end cleanly, so that what is done is kept."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 130
"""The exit status after Ctrl-C, as shells have it."""


@contextmanager
def terminable() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        """Raise `KeyboardInterrupt`, as the handler of Ctrl-C does."""
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def to_the_end(say: Callable[[], None]) -> Iterator[None]:
    """Let Ctrl-C only `say` something in the block, which ends soon and must not be cut off."""
    before = signal.signal(signal.SIGINT, lambda number, frame: say())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
