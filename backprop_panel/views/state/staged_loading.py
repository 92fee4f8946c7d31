"""Staged loading: a page is built in short stages, so that the server has time for others."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import panel as pn

from ...training.worker import TURNS

PAUSE = 20
"""Milliseconds between two stages, for the clicks, drawing and training of other pages."""


def load_in_stages(stages: Iterator[None]) -> None:
    """Run each stage in a callback of its own, or all at once if there is no server.

    No worker trains during a stage: beside a training thread it would take twice as long.

    Parameters
    ----------
    stages : iterator
        Yields between two stages.
    """
    document, end = pn.state.curdoc, object()
    # A notebook's document calls nothing by itself.
    if document is None or document.session_context is None:
        for _ in stages:
            pass
        return
    with TURNS.withheld():
        if next(stages, end) is not end:
            document.add_timeout_callback(partial(load_in_stages, stages), PAUSE)
