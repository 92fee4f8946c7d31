"""The life of a page: other windows change the runs, browsers leave and come back, it ends."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import ClassVar
from weakref import WeakSet

import panel as pn
from bokeh.document import Document
from bokeh.events import ConnectionLost
from panel.io.callbacks import PeriodicCallback

from .lost_connection import announce_lost_connection
from .patches.connections import is_connected
from .serving import prepare_page
from .state.session import Session

REFRESH_PERIOD = 1000
"""Milliseconds between two looks for changes to the runs by other windows, or by code."""


class Lifecycle:
    """Keeps a session up to date with the runs while its page is open.

    Parameters
    ----------
    session : Session
    """

    _in_notebook: ClassVar[WeakSet[Session]] = WeakSet()

    def __init__(self, session: Session) -> None:
        self._session = session

    def follow_document(self, document: Document) -> None:
        """Follow the lifecycle of the page: open, disconnected, connected again, destroyed."""
        prepare_page(document)
        announce_lost_connection(document)
        document.add_periodic_callback(self.refresh, REFRESH_PERIOD)
        # A browser may connect to the session again, so only training stops here. The session is
        # destroyed much later. Models may be changed only in a callback.
        document.on_event(
            ConnectionLost,
            lambda event: document.add_next_tick_callback(self._leave_if_disconnected),
        )
        pn.state.on_session_destroyed(lambda context: self._session.close())

    def follow_notebook(self) -> None:
        """Look for changes in a notebook, where there is no document that does.

        What other workbenches of this notebook play in the same store is stopped: a cell that is
        run again shows a new one, and nothing can stop what its old one plays.
        """
        own = _runs_of(self._session)
        for other in self._in_notebook - {self._session}:
            if own is not None and _runs_of(other) == own:
                other.pause()
                other.manager.give_back()
        self._in_notebook.add(self._session)
        if not self._ticks.running:
            self._ticks.start()

    def refresh(self) -> None:
        """Show changes that other windows made to the runs, or code."""
        session = self._session
        before, newer = session.run, session.manager.refresh()
        if before not in session.manager.runs:
            session.tell_deleted(before)
        elif before in newer:
            session.follow_run()
        else:
            session.follow_code()
        session.forget_outdated()

    @cached_property
    def _ticks(self) -> PeriodicCallback:
        return PeriodicCallback(callback=self.refresh, period=REFRESH_PERIOD, background=True)

    def _leave_if_disconnected(self) -> None:
        """Stop training if no browser shows the page."""
        if not is_connected(pn.state.curdoc):
            self._session.leave()


def _runs_of(session: Session) -> tuple[Path, str] | None:
    """Return the file and the owner of the runs of a session; None in memory."""
    manager = session.manager
    return None if manager.store is None else (manager.store.path.resolve(), manager.user)
