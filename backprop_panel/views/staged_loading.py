"""The opening of a page, which is long, in pieces that are short."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import panel as pn

from ..training.worker import TURNS

PAUSE = 20
"""Milliseconds between two pieces, for clicks, frames and training of other pages."""


def in_pieces(work: Iterator[None]) -> None:
    """Do work in pieces, or all of it where there is no server.

    Nobody trains during one: beside a thread that does, it takes twice as long.

    Parameters
    ----------
    work : iterator
        Yields between two pieces.
    """
    document, done = pn.state.curdoc, object()
    if document is None:
        for _ in work:
            pass
        return
    with TURNS.withheld():
        if next(work, done) is not done:
            document.add_timeout_callback(partial(in_pieces, work), PAUSE)
