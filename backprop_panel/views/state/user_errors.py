"""Errors caused by user input: messages beside the controls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import panel as pn
import param

from ...settings import SettingError

USER_ERRORS = (SettingError, MemoryError)
"""Errors caused by user input: they are shown beside the control and not logged."""


class UserErrors(param.Parameterized):
    """Runs the actions of controls, and holds the messages of those that were refused."""

    mistakes = param.Dict({}, doc="Messages, by the name of the setting or control.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._control_of: dict[str, str] = {}

    def attempt(self, control: str, action: Callable[[], Any]) -> bool:
        """Run the action of a control; return whether it succeeded.

        The message of an error caused by user input is shown beside the control, and beside the
        setting that it is about.
        """
        try:
            with pn.io.hold():  # what the action changes is seen at once
                action()
        except USER_ERRORS as error:
            names = {control, getattr(error, "setting", control)}
            self._control_of |= dict.fromkeys(names, control)
            self.mistakes = self._mistakes_but_of(control) | dict.fromkeys(names, str(error))
            return False
        self.mistakes = self._mistakes_but_of(control)
        return True

    def forget_mistake(self, name: str) -> None:
        """Remove the message about a setting, wherever it is shown."""
        if name in self.mistakes:
            self.mistakes = self._mistakes_but_of(self._control_of.get(name, name))

    def _mistakes_but_of(self, control: str) -> dict[str, str]:
        """Return the messages without those of one control."""
        return {
            name: text
            for name, text in self.mistakes.items()
            if self._control_of.get(name, name) != control
        }
