"""The settings of masters that a person types: a text, or explicit ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...data.text_files import tabbed_lines
from ...data.text_settings import lines_settings, text_settings
from ...settings import SettingError
from ..state.token_text import from_visible

EMPTY = "Paste a text here, or upload files."


def typed_text_settings(
    text: str, lines: str, given: dict[str, Any], say: Callable[[str], None]
) -> dict[str, Any]:
    """Return the settings that a text stands for, and say how many of its lines are left out.

    Parameters
    ----------
    text : str
    lines : str
        What its lines are: "text", "labels" or "files".
    given : dict
        The settings of the tokens and of the task.
    say : callable
        Called with what there is to say.

    Raises
    ------
    SettingError
        If the text has no such lines.
    """
    if not text.strip("\n"):
        raise SettingError("master_sequences", EMPTY)
    if lines == "text":
        return text_settings(text, **given)
    if lines == "files":
        raise SettingError("master_sequences", "Upload a file for each class.")
    labelled, labels, left_out = tabbed_lines(text)
    if not labelled:
        raise SettingError("master_sequences", "No line is a label, a tab and a text.")
    say(f"{left_out:,} lines without a label are left out." if left_out else "")
    return lines_settings(labelled, labels, **given)


def typed_masters_settings(text: str, given: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of explicit masters, one a line, with their tokens between spaces.

    Raises
    ------
    SettingError
        If there is none.
    """
    rows = [line.split() for line in text.splitlines() if line.strip()]
    if not rows:
        raise SettingError(
            "master_sequences", "Type a master sequence a line, its tokens between spaces."
        )
    return lines_settings([list(map(from_visible, row)) for row in rows], **given)
