"""Ctrl-C, and a notebook's interrupt, between two changes and never within one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from types import FrameType

PATIENCE_SECONDS = 2.0
"""Time after a first interrupt from which another one is not deferred."""


@contextmanager
def interrupts_deferred() -> Iterator[Callable[[], None]]:
    """Defer an interrupt that comes within the block to its end.

    Half a step would leave an engine whose weights, counts and log do not belong together, and half
    an addition a run in the store that its manager does not know. A block may have to wait, for a
    busy store for example: another interrupt some seconds later comes at once.

    It does nothing within another such block, and in other threads than the main one, which no
    interrupt reaches.

    Yields
    ------
    check : callable
        Raises the interrupt if one waits; to be called between two steps of a long block.

    Raises
    ------
    KeyboardInterrupt
        If one came, or what else the handler of the signal raises. An error of the block is its
        context.
    """
    before = _handler()
    if before is None:
        yield lambda: None
        return
    came: list[float] = []

    def defer(number: int, frame: FrameType | None) -> None:
        """Remember an interrupt; pass it on if a first one has waited for long."""
        came.append(monotonic())
        if came[-1] > came[0] + PATIENCE_SECONDS:
            before(number, frame)

    def check() -> None:
        """Pass on an interrupt that has come."""
        if came:
            before(signal.SIGINT, None)

    defer.defers = True
    signal.signal(signal.SIGINT, defer)
    try:
        yield check
    finally:
        if signal.getsignal(signal.SIGINT) is defer:  # else the block has set another one
            signal.signal(signal.SIGINT, before)
        check()


def _handler() -> Callable[[int, FrameType | None], object] | None:
    """Return Python's handler of the signal; None if there is none here, or one that defers it."""
    if threading.current_thread() is not threading.main_thread():
        return None
    handler = signal.getsignal(signal.SIGINT)
    return handler if callable(handler) and not hasattr(handler, "defers") else None
