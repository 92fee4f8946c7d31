"""Work in the background that training hardly notices."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from threading import Event, Thread
from time import perf_counter
from typing import Generic, TypeVar

from ..training.worker import TURNS

Piece = TypeVar("Piece")

REST = 16
"""How many times longer than a piece took the work rests while something trains.

Training then keeps 16/17 of the time."""

LONG_SECONDS = 0.04
"""Longer pieces are those of a wide network. Short turns need not wait for them."""


SHORT_SECONDS = 0.003
"""Shorter pieces share a turn, as each change of turns costs training tenths of a millisecond."""


def gathered(pieces: Iterator[Piece | None]) -> Iterator[list[Piece]]:
    """Yield the pieces so far but None, each few milliseconds and at the end."""
    found: list[Piece] = []
    begin = perf_counter()
    for piece in pieces:
        found += [] if piece is None else [piece]
        if perf_counter() - begin > SHORT_SECONDS:
            yield found
            begin = perf_counter()
    yield found


def in_turns(pieces: Iterator[Piece], stopping: Event, rest: float = REST) -> Iterator[Piece]:
    """Yield the pieces of some work, each computed in a turn of its own, until it is to stop.

    Turns are those of the training threads. If one of them waits for its turn meanwhile, the work
    rests after a piece; if none does, it goes on at once.

    Parameters
    ----------
    pieces : iterator
        Computes a piece of the work in each step, in a few milliseconds.
    stopping : Event
        Ends the work and its rest when it is set.
    rest : float
        How many times longer than a piece took the work rests after it.
    """
    awake, seconds = Event(), 0.0
    done = object()
    while not stopping.is_set():
        with TURNS.turn(awake, long=seconds > LONG_SECONDS):
            begin = perf_counter()
            piece = next(pieces, done)
            seconds = perf_counter() - begin
            contended = TURNS.contended
        if piece is done:
            return
        yield piece
        if contended:
            stopping.wait(rest * seconds)


class Background(Generic[Piece]):
    """Work in a thread of its own, in turns with training; the newest piece can be taken.

    Parameters
    ----------
    pieces : iterator
        As for `in_turns`. It is used by one thread at a time.
    rest : float
        As for `in_turns`.

    Attributes
    ----------
    done : bool
        Whether all pieces are computed, or the work raised an error.
    """

    def __init__(self, pieces: Iterator[Piece], rest: float = REST) -> None:
        self._pieces, self._rest = pieces, rest
        self._newest: deque[Piece] = deque(maxlen=1)
        self._error: Exception | None = None
        self.done = False
        self._thread: Thread | None = None
        self._stopping = Event()

    @property
    def running(self) -> bool:
        """Whether the thread works and is not told to stop."""
        return self._thread is not None and self._thread.is_alive() and not self._stopping.is_set()

    def start(self) -> None:
        """Begin, or go on where the work was stopped; work that runs or is done is left alone."""
        if self.running or self.done:
            return
        self._stopping = Event()
        self._thread = Thread(
            target=self._work,
            args=(self._thread, self._stopping),
            name="background",
            daemon=True,
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop after the present piece; it is not waited for."""
        self._stopping.set()

    def take(self) -> Piece | None:
        """Return the newest piece, None if there is no new one; raise an error of the work."""
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        return self._newest.pop() if self._newest else None

    def _work(self, before: Thread | None, stopping: Event) -> None:
        if before is not None:
            before.join()
        try:
            for piece in in_turns(self._pieces, stopping, self._rest):
                self._newest.append(piece)
            self.done = not stopping.is_set()
        except Exception as error:
            self._error, self.done = error, True
