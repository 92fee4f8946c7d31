"""Ctrl-C, and a notebook's interrupt, between two changes and never within one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def interrupts_deferred() -> Iterator[Callable[[], None]]:
    """Raise `KeyboardInterrupt` at the end of the block, if one comes within it.

    Half a step would leave an engine whose weights, counts and log do not belong together, and half
    an addition a run in the store that its manager does not know. Only the main thread is
    interrupted. Other handlers of the signal than Python's own are left alone.

    Yields
    ------
    check : callable
        Raises one that has come; to be called between two steps of a long block.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield lambda: None
        return
    came: list[int] = []

    def check() -> None:
        """Raise an interrupt that has come."""
        if came:
            came.clear()
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        check()
