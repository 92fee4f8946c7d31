"""Ctrl-C, and a notebook's interrupt, between two changes and never within one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
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
    if not _can_be_deferred():
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

    # `getsignal` and `signal` take microseconds each, which a step is not much longer than.
    before = signal.signal(signal.SIGINT, defer)
    if not callable(before):  # ignored, or as the system does it
        signal.signal(signal.SIGINT, before)
        yield lambda: None
        return
    _deferring.append(defer)
    try:
        yield check
    finally:
        _deferring.pop()
        of_block = signal.signal(signal.SIGINT, before)
        if of_block is not defer:  # the block has set another handler
            signal.signal(signal.SIGINT, of_block)
        check()


_deferring: list[object] = []
"""The handler of the outermost block, while there is one."""


def _can_be_deferred() -> bool:
    """Tell whether an interrupt can reach the block, and does not wait for an outer one already."""
    is_main = threading.current_thread() is threading.main_thread()
    return is_main and not _deferring and _is_handled_in_python()


@cache
def _is_handled_in_python() -> bool:
    """Tell whether Python handles the signal: any other handler could not be put back."""
    return signal.getsignal(signal.SIGINT) is not None
