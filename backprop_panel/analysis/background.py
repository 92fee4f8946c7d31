"""Work in the background that training hardly notices."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event
from time import perf_counter
from typing import TypeVar

from ..training.worker import TURNS

Piece = TypeVar("Piece")

REST = 16
"""How many times longer than a piece took it rests while something trains: training keeps 16/17."""

LONG_SECONDS = 0.04
"""Pieces that take longer are those of a wide network, and do not make short turns wait."""


def in_turns(pieces: Iterator[Piece], stopping: Event) -> Iterator[Piece]:
    """Yield the pieces of some work, each computed in a turn of its own, until it is to stop.

    Turns are those of the training threads. If one of them waits for its turn meanwhile, the work
    rests after a piece; if none does, it goes on at once.

    Parameters
    ----------
    pieces : iterator
        Computes a piece of the work in each step, in a few milliseconds.
    stopping : Event
        Ends the work and its rest when it is set.
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
            stopping.wait(REST * seconds)
