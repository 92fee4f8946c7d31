"""The fields of own data that say what its tokens are."""

from __future__ import annotations

from typing import Any

import panel_material_ui as pmui

from ..state.token_text import from_visible, visible
from ..widgets.buttons import SMALL
from ..widgets.setting_fields import whole

TOKENS = {"Characters": "characters", "Words": "words"}


class TokenFields:
    """The boundary between lines, the kind of tokens, and how many of them are told apart.

    Attributes
    ----------
    fields : tuple of Widget
        In the order in which they stand on the page.
    """

    def __init__(self) -> None:
        self._boundary = pmui.TextInput(
            label="Boundary token", placeholder="none, or such as .", **SMALL
        )
        self._tokens = pmui.Select(label="Tokens", options=TOKENS, **SMALL)
        self._most = pmui.TextInput(
            label="Most tokens of the vocabulary", placeholder="all", **SMALL
        )
        self.fields = (self._boundary, self._tokens, self._most)

    def values(self, settings: dict[str, Any]) -> dict[pmui.TextInput | pmui.Select, Any]:
        """Return the value of each field that shows the settings of a run."""
        most = len(settings["vocabulary"]) if settings["unknown"] else ""
        return {
            self._boundary: visible(settings["boundary"] or ""),
            self._tokens: settings["token_type"],
            self._most: str(most),
        }

    def offer_kinds(self, is_offered: bool) -> None:
        """Let a person choose the kind of tokens, or not: explicit masters have them apart."""
        self._tokens.visible = is_offered

    def settings(self) -> dict[str, Any]:
        """Return the settings that the fields stand for.

        Raises
        ------
        SettingError
            If the most words are no whole number.
        """
        most = self._most.value.strip()
        return {
            "token_type": self._tokens.value,
            "boundary": from_visible(self._boundary.value) or None,
            "max_vocabulary": whole("max_vocabulary", most) if most and most != "all" else None,
        }
