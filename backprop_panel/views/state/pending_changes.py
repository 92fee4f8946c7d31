"""Training settings changed since the last step, which a new run can take instead of this one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import param

if TYPE_CHECKING:
    from .session import Session


class PendingChanges(param.Parameterized):
    """The changed training settings of the run that is shown which no step was made with yet.

    Until then they may as well be meant for a new run, which takes them away from the one shown.
    """

    before = param.Dict({}, doc="What each of these settings was before.")
    kept = param.Dict({}, doc="The settings that the run before kept, as the new one took them.")

    def __init__(self) -> None:
        super().__init__()
        self._at: tuple[str, int] | None = None

    def note(self, session: Session, name: str, before: Any) -> None:
        """Remember what a setting was before it was changed to what it is now."""
        self._at = _place(session)
        self.before = {**self.before, name: before}
        self.forget_outdated(session)

    def forget_outdated(self, session: Session) -> None:
        """Forget settings that a step used, that are as before, or that are of another run."""
        is_past = session.training or self._at != _place(session)
        trainer = session.run.trainer
        self.before = {
            name: before
            for name, before in self.before.items()
            if not is_past and getattr(trainer, name) != before
        }

    def put_back(self, session: Session) -> None:
        """Give the settings the values that they had before.

        Raises
        ------
        SettingError
            If another process trains the run.
        """
        for name, before in self.before.items():
            session.change(name, before)


def _place(session: Session) -> tuple[str, int]:
    return session.run.id, session.run.trainer.step
