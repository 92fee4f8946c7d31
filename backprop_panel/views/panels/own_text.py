"""The fields of own data: a text that is pasted or uploaded, and what its tokens are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from ...data.text_files import KINDS, TextFile, read_text_file, tabbed_lines
from ...data.text_settings import fitting_length, lines_settings, text_settings
from ...memory import in_words
from ...settings import SettingError
from ..plots.html import html
from ..state.token_text import from_visible, legible, visible
from ..state.user_errors import USER_ERRORS
from ..widgets.buttons import SMALL, upload_button
from ..widgets.setting_fields import ALICE, source_of, whole

MOST_BYTES = 1 << 24
"""The most bytes of all uploaded files: as many tokens as a zip of the run may have."""

MOST_IN_FIELD = 20_000
"""The most characters that are shown in the field; more would make the page slow."""

LINES = {"Lines of a text": "text", "Label, then text": "labels", "A class per file": "files"}
TOKENS = {"Characters": "characters", "Words": "words"}
OF_TEXT = ("master_sequences", "master_labels", "vocabulary", "unknown", "boundary", "token_type")
"""The settings that these fields decide."""

EMPTY = "Paste a text here, or upload files."


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
        self._files: list[tuple[str, bytes]] = []
        self._kept: tuple[str, Any, Any] | None = None
        self._notice = html("", "bp-note", margin=(2, 0, 8, 0))
        self._build()
        self._shown = self._state()
        for field in (self._area, self._lines, self._boundary, self._tokens, self._most):
            field.param.watch(self._change, "value")
        self._upload.param.watch(self._take_files, "value")
        self._place_fields()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _build(self) -> None:
        self._area = pmui.TextAreaInput(
            label="Text", rows=4, max_rows=8, auto_grow=True, max_length=MOST_BYTES, **SMALL
        )
        self._upload = upload_button("Upload files", ",".join(KINDS), multiple=True, margin=(4, 0))
        self._lines = pmui.Select(label="What lines are", options=LINES, **SMALL)
        self._boundary = pmui.TextInput(
            label="Boundary token", placeholder="none, or such as .", **SMALL
        )
        self._tokens = pmui.Select(label="Tokens", options=TOKENS, **SMALL)
        self._most = pmui.TextInput(
            label="Most tokens of the vocabulary", placeholder="all", **SMALL
        )
        self._layout = pn.Column(
            self._area,
            self._upload,
            self._notice,
            self._lines,
            self._boundary,
            self._tokens,
            self._most,
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
        self._files = []
        shown = _in_field(masters, labels)
        self._kept = None if len(shown) <= MOST_IN_FIELD else (self._source, masters, labels)
        with param.parameterized.discard_events(self):
            self._area.value = "" if self._kept else shown
            self._lines.value = "text" if labels is None else "labels"
            self._boundary.value = visible(settings["boundary"] or "")
            self._tokens.value = settings["token_type"]
            self._most.value = str(len(settings["vocabulary"])) if settings["unknown"] else ""
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
        given = {
            "token_type": self._tokens.value,
            "boundary": from_visible(self._boundary.value) or None,
            "max_vocabulary": self._most_tokens(),
            "task_type": others["task_type"],
        }
        made = self._of_masters(given) if self._source == "explicit" else self._of_text(given)
        return {"unknown": None, "master_labels": None} | {
            name: value for name, value in made.items() if name in OF_TEXT
        }

    def fitting_length(self, others: dict[str, Any]) -> int | None:
        """Return a sequence length that fits a text; None without one.

        Parameters
        ----------
        others : dict
            The settings that other fields stand for.
        """
        try:
            return fitting_length(self.settings(others)) if self._source == "text" else None
        except SettingError:  # it is told where the settings are asked for
            return None

    def _of_text(self, given: dict[str, Any]) -> dict[str, Any]:
        if self._source == "alice":
            return text_settings(ALICE, **given)
        if self._files:
            return self._of_files(given)
        if not self._area.value and self._kept and self._kept[0] == "text":
            _, text, labels = self._kept
            labels = labels if self._lines.value == "labels" else None
            return {**text_settings(text, **given), "master_labels": labels}
        if not self._area.value.strip("\n"):
            raise SettingError("master_sequences", EMPTY)
        if self._lines.value == "text":
            return text_settings(self._area.value, **given)
        if self._lines.value == "files":
            raise SettingError("master_sequences", "Upload a file for each class.")
        lines, labels, left_out = tabbed_lines(self._area.value)
        if not lines:
            raise SettingError("master_sequences", "No line is a label, a tab and a text.")
        self._say(f"{left_out:,} lines without a label are left out." if left_out else "")
        return lines_settings(lines, labels, **given)

    def _of_files(self, given: dict[str, Any]) -> dict[str, Any]:
        labelled = self._lines.value == "labels"
        files = [read_text_file(name, data, labelled) for name, data in self._files]
        names = [name for name, _ in self._files]
        self._say(_described(names, files))
        texts = [file.text for file in files]
        if self._lines.value == "files":
            labels = [name.rpartition(".")[0] for name in names]
            return lines_settings(texts, labels, **given)
        if not labelled:
            return text_settings("\n".join(texts), **given)
        labels = [label for file in files for label in file.labels or []]
        return lines_settings("\n".join(texts).split("\n"), labels, **given)

    def _of_masters(self, given: dict[str, Any]) -> dict[str, Any]:
        rows = [line.split() for line in self._area.value.splitlines() if line.strip()]
        if not rows and self._kept and self._kept[0] == "explicit":
            return lines_settings(self._kept[1], **given)
        if not rows:
            raise SettingError(
                "master_sequences", "Type a master sequence a line, its tokens between spaces."
            )
        return lines_settings([list(map(from_visible, row)) for row in rows], **given)

    def _most_tokens(self) -> int | None:
        text = self._most.value.strip()
        return whole("max_vocabulary", text) if text and text != "all" else None

    def _state(self) -> tuple[Any, ...]:
        fields = (self._area, self._lines, self._boundary, self._tokens, self._most)
        return self._source, len(self._files), *(field.value for field in fields)

    def _change(self, event: param.parameterized.Event) -> None:
        self.labelled = self._lines.value != "text" if event.obj is self._lines else None
        if event.obj is self._area and event.new:
            self._files = []
        self._place_fields()
        self.revision += 1

    def _take_files(self, event: param.parameterized.Event) -> None:
        """Take uploaded files in place of the text in the field."""
        if event.new is None:  # cleared; an empty file is refused as any other
            return
        contents, names = _listed(event.new), _listed(self._upload.filename)
        self._upload.clear()  # else the same file could not be uploaded again
        try:
            if not any(contents):
                raise SettingError("file", "The file is empty.")
            if (size := sum(map(len, contents))) > MOST_BYTES:
                raise SettingError(
                    "file", f"{in_words(size)} are more than the {in_words(MOST_BYTES)} allowed."
                )
            for name, data in zip(names, contents, strict=True):
                read_text_file(name, data)
        except USER_ERRORS as mistake:
            self._say(str(mistake), refused=True)
            return
        self._files = list(zip(names, contents, strict=True))
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
        self._upload.visible = self._lines.visible = is_text
        self._tokens.visible = not is_explicit
        if self._files:
            self._say(_listed_names(name for name, _ in self._files))
        elif self._kept and not self._area.value and self._source == self._kept[0]:
            self._say(f"The run's own data, {len(self._kept[1]):,} characters or masters.")
        else:
            self._say("")

    def _say(self, message: str, refused: bool = False) -> None:
        self._notice.css_classes = ["bp-mistake" if refused else "bp-note"]
        self._notice.object = escape(message)
        self._notice.visible = bool(message) and self._source == "text"


def _in_field(masters: Any, labels: Sequence[str] | None) -> str:
    """Return the text with which the field shows a run's masters."""
    if masters is None or masters == ALICE:
        return ""
    if not isinstance(masters, str):
        return "\n".join(" ".join(map(visible, master)) for master in masters)
    if labels is None:
        return masters
    rows = zip(labels, masters.split("\n"), strict=True)
    return "\n".join(f"{label}\t{line}" for label, line in rows)


def _listed_names(names: Iterable[str]) -> str:
    return ", ".join(map(legible, names))


def _described(names: Sequence[str], files: Sequence[TextFile]) -> str:
    left_out = sum(file.unlabelled for file in files)
    parts = [_listed_names(names), *(file.notice for file in files if file.notice)]
    if left_out:
        parts.append(f"{left_out:,} lines without a label are left out.")
    return " · ".join(parts)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]
