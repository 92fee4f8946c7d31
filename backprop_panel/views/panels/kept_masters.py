"""The masters of a run, as the field of own data shows them, or kept where they are too long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...data.text_settings import lines_settings, text_settings
from ..state.token_text import visible
from ..widgets.setting_fields import ALICE

MOST_IN_FIELD = 20_000
"""The most characters that are shown in the field; more would make the page slow."""


@dataclass(frozen=True)
class KeptMasters:
    """The masters of a run that are too long for the field, which is left empty for them.

    Attributes
    ----------
    source : str
        What they came from, a value of `SOURCES`.
    masters : str or sequence
        A text, or explicit masters.
    labels : sequence of str or None
        The label of each line.
    """

    source: str
    masters: Any
    labels: Sequence[str] | None

    def in_words(self) -> str:
        """Return what the page says in place of the masters."""
        return f"The run's own data, {len(self.masters):,} characters or masters."

    def settings(self, lines: str, given: dict[str, Any]) -> dict[str, Any]:
        """Return the settings that they stand for.

        Parameters
        ----------
        lines : str
            What the lines of a text are: "text", "files", or "labels" where a line begins with one.
        given : dict
            The settings of the tokens and of the task.

        Raises
        ------
        SettingError
            If the masters are invalid with these.
        """
        if self.source == "explicit":
            return lines_settings(self.masters, **given)
        labels = self.labels if lines == "labels" else None
        return {**text_settings(self.masters, **given), "master_labels": labels}


def shown_or_kept(
    source: str, masters: Any, labels: Sequence[str] | None
) -> tuple[str, KeptMasters | None]:
    """Return the text of the field for a run's masters, and the masters if that has to be empty."""
    text = _in_field(masters, labels)
    if len(text) <= MOST_IN_FIELD:
        return text, None
    return "", KeptMasters(source, masters, labels)


def _in_field(masters: Any, labels: Sequence[str] | None) -> str:
    if masters is None or masters == ALICE:
        return ""
    if not isinstance(masters, str):
        return "\n".join(" ".join(map(visible, master)) for master in masters)
    if labels is None:
        return masters
    rows = zip(labels, masters.split("\n"), strict=True)
    return "\n".join(f"{label}\t{line}" for label, line in rows)
