"""What Ctrl-C and SIGTERM do: end cleanly, so that what is done is kept."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import FrameType, ModuleType
from typing import Any

INTERRUPTED = 130
"""The exit status after Ctrl-C, as shells have it."""


def imported(module: str, package: str) -> ModuleType:
    """Import a module of the command line; Ctrl-C meanwhile ends the process without a word.

    An interrupted import would leave a library half made and print that library's own errors.
    """
    with _handled(signal.SIGINT, signal.SIG_DFL):
        return import_module(module, package)


@contextmanager
def interrupted_once(words: str) -> Iterator[None]:
    """Let the first Ctrl-C or SIGTERM interrupt the block; for each further one only write `words`.

    Saving what was done follows the first interrupt and must not be cut off. If `words` is empty,
    nothing is written.
    """
    is_interrupted = False

    def interrupt(number: int, frame: FrameType | None) -> None:
        """Raise `KeyboardInterrupt` once, as the handler of Ctrl-C does each time."""
        nonlocal is_interrupted
        if is_interrupted:
            if words:
                print(words, file=sys.stderr)
            return
        is_interrupted = True
        raise KeyboardInterrupt

    with _handled(signal.SIGINT, interrupt), _handled(signal.SIGTERM, interrupt):
        yield


@contextmanager
def _handled(number: signal.Signals, handler: Any) -> Iterator[None]:
    """Handle a signal by `handler` in the block, unless the process was started to ignore it.

    Only the main thread can handle signals; in another one, the block runs as it is.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(number) == signal.SIG_IGN:
        yield
        return
    before = signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, before)
