"""What a person can take back on a page: resets and deletions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import param

from ...runs.run import TrainingRun

if TYPE_CHECKING:
    from .session import Session

MOST = 20
"""Deeds that can be taken back: each keeps a run in memory."""


class Undo(param.Parameterized):
    """The deeds of a page that lose work, to be taken back in reverse order."""

    label = param.String("", doc="The deed that is taken back next, in words; empty: none.")

    def __init__(self) -> None:
        super().__init__()
        self._deeds: list[tuple[str, Callable[[], object]]] = []

    def add(self, label: str, take_back: Callable[[], object]) -> None:
        """Remember a deed, and how to take it back."""
        self._deeds = [*self._deeds, (label, take_back)][-MOST:]
        self.label = label

    def take_back(self) -> None:
        """Take back the last deed; it stays to be taken back if that is refused.

        Raises
        ------
        SettingError
            If it is refused.
        """
        if self._deeds:
            _, take_back = self._deeds[-1]
            take_back()
            self._deeds.pop()
        self.label = self._deeds[-1][0] if self._deeds else ""


def reset_run(session: Session) -> None:
    """Take the run of a session back to its beginning, and remember how it was."""
    run = session.run
    before = run.replay(run.trainer.step).engine
    session.manager.reset(run.id)
    to = f" to step {run.trainer.step:,}, where it was forked" if run.parent else ""
    session.undo.add(f"reset of {run.name}{to}", lambda: run.adopt(before))


def delete_run(session: Session, run: TrainingRun) -> None:
    """Delete a run, and keep it to be added again."""
    manager = session.manager
    manager.delete(run.id)
    session.undo.add(f"deletion of {run.name}", lambda: manager.add(run))
