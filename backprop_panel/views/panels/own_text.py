"""The fields of own data: a text that is pasted or uploaded, and what its tokens are."""

from __future__ import annotations

from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from ...data.text_settings import fitting_length, text_settings
from ...settings import SettingError
from ..plots.html import html
from ..widgets.buttons import SMALL
from ..widgets.setting_fields import ALICE, source_of
from .kept_masters import KeptMasters, shown_or_kept
from .token_fields import TokenFields
from .typed_masters import typed_masters_settings, typed_text_settings
from .uploaded_texts import MOST_BYTES, UploadedTexts

LINES = {"Lines of a text": "text", "Label, then text": "labels", "A class per file": "files"}
OF_TEXT = ("master_sequences", "master_labels", "vocabulary", "unknown", "boundary", "token_type")
"""The settings that these fields decide."""


class OwnText(pn.viewable.Viewer):
    """A text or explicit masters, with the fields that say what their tokens are.

    Attributes
    ----------
    labelled : bool or None
        Whether the lines have labels; None if that was not changed last.
    """

    revision = param.Integer(0, doc="Counts the changes that a person makes.")

    def __init__(self) -> None:
        super().__init__()
        self.labelled: bool | None = None
        self._source = "generated"
        self._kept: KeptMasters | None = None
        self._notice = html("", "bp-note", margin=(2, 0, 8, 0))
        self._build()
        self._shown = self._state()
        self._known = {field: field.value for field in self._fields}
        for field in self._fields:
            field.param.watch(self._change, "value")
        self._place_fields()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _build(self) -> None:
        self._area = pmui.TextAreaInput(
            label="Text", rows=4, max_rows=8, auto_grow=True, max_length=MOST_BYTES, **SMALL
        )
        self._uploaded = UploadedTexts(self._show_files, self._say)
        self._lines = pmui.Select(label="What lines are", options=LINES, **SMALL)
        self._tokens = TokenFields()
        self._fields = (self._area, self._lines, *self._tokens.fields)
        self._layout = pn.Column(
            self._area,
            self._uploaded.button,
            self._notice,
            self._lines,
            *self._tokens.fields,
            margin=0,
            sizing_mode="stretch_width",
        )

    @property
    def changed(self) -> bool:
        """Whether the fields show anything else than the run's settings."""
        return self._state() != self._shown

    def choose(self, source: str) -> None:
        """Show the fields of a source, a value of `SOURCES`."""
        self._source = source
        self._place_fields()

    def show(self, settings: dict[str, Any]) -> None:
        """Show the settings of a run."""
        masters, labels = settings["master_sequences"], settings["master_labels"]
        self._source = source_of(masters)
        self._uploaded.files = []
        shown, self._kept = shown_or_kept(self._source, masters, labels)
        # Known before they are shown: only what a person changes counts as a change.
        self._known = {
            self._area: shown,
            self._lines: "text" if labels is None else "labels",
            **self._tokens.values(settings),
        }
        for field, value in self._known.items():
            field.value = value
        self.labelled = None
        self._shown = self._state()
        self._place_fields()

    def settings(self, others: dict[str, Any]) -> dict[str, Any]:
        """Return the settings that the fields stand for.

        Parameters
        ----------
        others : dict
            The settings that other fields stand for.

        Raises
        ------
        SettingError
            If there is no text, or one that is invalid.
        """
        given = {**self._tokens.settings(), "task_type": others["task_type"]}
        made = self._of_masters(given) if self._source == "explicit" else self._of_text(given)
        return {"unknown": None, "master_labels": None} | {
            name: value for name, value in made.items() if name in OF_TEXT
        }

    def fitting_length(self, others: dict[str, Any]) -> int | None:
        """Return a sequence length that fits a text, None without one; see `settings`."""
        try:
            return fitting_length(self.settings(others)) if self._source == "text" else None
        except SettingError:  # it is told where the settings are asked for
            return None

    def _of_text(self, given: dict[str, Any]) -> dict[str, Any]:
        if self._source == "alice":
            return text_settings(ALICE, **given)
        if self._uploaded.files:
            return self._uploaded.settings(self._lines.value, given)
        if self._own and not self._area.value:
            return self._own.settings(self._lines.value, given)
        return typed_text_settings(self._area.value, self._lines.value, given, self._say)

    def _of_masters(self, given: dict[str, Any]) -> dict[str, Any]:
        if self._own and not self._area.value.strip():
            return self._own.settings(self._lines.value, given)
        return typed_masters_settings(self._area.value, given)

    @property
    def _own(self) -> KeptMasters | None:
        """The run's own masters, which stand in for an empty field, if the source has such."""
        return self._kept if self._kept and self._kept.source == self._source else None

    def _state(self) -> tuple[Any, ...]:
        return self._source, len(self._uploaded.files), *(field.value for field in self._fields)

    def _change(self, event: param.parameterized.Event) -> None:
        if event.new == self._known[event.obj]:
            return
        self._known[event.obj] = event.new
        self.labelled = self._lines.value != "text" if event.obj is self._lines else None
        if event.obj is self._area and event.new:
            self._uploaded.files = []
        self._place_fields()
        self.revision += 1

    def _show_files(self) -> None:
        """Show uploaded files in place of the text in the field."""
        self._area.value = ""
        self._place_fields()
        self.labelled = None
        self.revision += 1

    def _place_fields(self) -> None:
        """Show the fields that the source has."""
        is_text, is_explicit = self._source == "text", self._source == "explicit"
        self._layout.visible = self._source != "generated"
        self._area.visible = is_text or is_explicit
        self._area.label = "Text" if is_text else "Masters, one a line, tokens between spaces"
        self._uploaded.button.visible = self._lines.visible = is_text
        self._tokens.offer_kinds(not is_explicit)
        if self._uploaded.files:
            self._uploaded.say_names()
        else:
            self._say(self._own.in_words() if self._own and not self._area.value else "")

    def _say(self, message: str, refused: bool = False) -> None:
        self._notice.css_classes = ["bp-mistake" if refused else "bp-note"]
        self._notice.object = escape(message)
        self._notice.visible = bool(message) and self._source == "text"
