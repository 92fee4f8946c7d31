"""Names of runs: which are allowed, and which is the next free one."""

from __future__ import annotations

from collections.abc import Container
from itertools import count

from ..settings import SettingError, shown

MOST_NAME_LENGTH = 200
"""Characters in a run's name, wherever it comes from."""

NUMBER_LENGTH = 10
"""Characters that a stem leaves for its number."""


def free_name(stem: str, taken: Container[str]) -> str:
    """Return the first of ``stem1``, ``stem2``, … that is not taken; a long stem is cut short."""
    if len(stem) > MOST_NAME_LENGTH - NUMBER_LENGTH:
        stem = f"{stem[: MOST_NAME_LENGTH - NUMBER_LENGTH - 2]}…."
    return next(name for number in count(1) if (name := f"{stem}{number}") not in taken)


def refuse_unstorable(setting: str, text: str) -> None:
    """Raise `SettingError` for a text with half a surrogate pair, which no file can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise SettingError(setting, f"{shown(text)} is not a text that can be stored.") from None


def checked_name(name: str, taken: Container[str]) -> str:
    """Return a name without the spaces around it.

    Raises
    ------
    SettingError
        If it is no text that can be stored, empty, too long or taken.
    """
    if not isinstance(name, str):
        raise SettingError("name", f"A run's name must be text, got {shown(name)}.")
    name = name.strip()
    if not name:
        raise SettingError("name", "A run needs a name.")
    if len(name) > MOST_NAME_LENGTH:
        raise SettingError(
            "name",
            f"A run's name has at most {MOST_NAME_LENGTH} characters, got {len(name):,}.",
        )
    refuse_unstorable("name", name)
    if name in taken:
        raise SettingError("name", f"There is a run named {shown(name)} already.")
    return name
