"""What a person can take back on a page: resets and deletions."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import TYPE_CHECKING

import param

from ...interrupts import interrupts_deferred
from ...runs.manager import TrainingRunManager
from ...runs.run import TrainingRun
from ...training.engine import Engine
from ...training.events import Event

if TYPE_CHECKING:
    from .session import Session

MOST = 20
"""The number of deeds that can be taken back. Each keeps a run in memory."""


Compared = tuple[Engine | None, TrainingRun | None]
"""The engine that was subtracted on the map, and its run."""


class Undo(param.Parameterized):
    """The deeds of a page that lose work, to be taken back in reverse order."""

    label = param.String("", doc="The deed that is taken back next, in words; empty: none.")

    def __init__(self) -> None:
        super().__init__()
        self._deeds: list[tuple[str, Callable[[], Compared]]] = []

    def add(self, label: str, take_back: Callable[[], Compared]) -> None:
        """Remember a deed, and how to take it back."""
        self._deeds = [*self._deeds, (label, take_back)][-MOST:]
        self.label = label

    def take_back(self) -> Compared | None:
        """Take back the last deed, and return what was compared then; it stays if that is refused.

        Raises
        ------
        SettingError
            If it is refused.
        """
        if self._deeds:
            _, take_back = self._deeds[-1]
            given = take_back()
            self._deeds.pop()
            self.label = self._deeds[-1][0] if self._deeds else ""
            return given
        return None


def reset_run(session: Session) -> None:
    """Take the run of a session back to its beginning, and remember how it was."""
    run, compared = session.run, _compared(session)
    before = run.replay(run.trainer.step).engine
    with interrupts_deferred():  # in a notebook: what is reset can be taken back
        session.manager.reset(run.id)
        begun = deepcopy(run.trainer.engine.events)
        to = f" to step {run.trainer.step:,}, where it was forked" if run.parent else ""

        def take_back() -> Compared:
            """Undo the reset, and return what was compared before it."""
            _undo_reset(session.manager, run, before, begun)
            return compared

        session.undo.add(f"reset of {run.name}{to}", take_back)


def _undo_reset(
    manager: TrainingRunManager, run: TrainingRun, before: Engine, begun: list[Event]
) -> None:
    """Give a run its state before a reset; what was done to it since becomes a run of its own.

    `begun` is its log right after the reset. A run that was deleted since is added again.
    """
    engine = run.trainer.engine
    since = None if engine.events == begun else run.copy()
    with interrupts_deferred():
        run.adopt(before)
        if run not in manager.runs:
            manager.add(run)
        if since is not None:
            manager.add(since)
            manager.switch(run.id)


def delete_run(session: Session, run: TrainingRun) -> None:
    """Delete a run, and keep it to be added again."""
    manager = session.manager
    compared = _compared(session) if run is session.run else (None, None)
    manager.delete(run.id)

    def take_back() -> Compared:
        """Add the run again, and return what was compared before it was deleted."""
        manager.add(run)
        return compared

    session.undo.add(f"deletion of {run.name}", take_back)


def _compared(session: Session) -> Compared:
    return session.subtracted, session.subtracted_run
