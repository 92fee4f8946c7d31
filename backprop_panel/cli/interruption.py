"""What Ctrl-C and SIGTERM do: end cleanly, so that what is done is kept."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from types import FrameType, ModuleType
from typing import Any

INTERRUPTED = 130
"""The exit status after Ctrl-C, as shells have it."""


def imported(module: str, package: str) -> ModuleType:
    """Import a module of the command line; Ctrl-C meanwhile ends the process without a word.

    A library whose import is interrupted is left half made, and tells of it in its own way.
    """
    with _handled(signal.SIGINT, signal.SIG_DFL):
        return import_module(module, package)


@contextmanager
def terminable() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        """Raise `KeyboardInterrupt`, as the handler of Ctrl-C does."""
        raise KeyboardInterrupt

    with _handled(signal.SIGTERM, interrupt):
        yield


@contextmanager
def to_the_end(say: Callable[[], None]) -> Iterator[None]:
    """Let Ctrl-C only `say` something in the block, which ends soon and must not be cut off."""
    with _handled(signal.SIGINT, lambda number, frame: say()):
        yield


@contextmanager
def _handled(number: signal.Signals, handler: Any) -> Iterator[None]:
    """Handle a signal so in the block; other threads than the main one handle none."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, before)
