"""Text files that a person uploads: their button, and the settings that they stand for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import param

from ...data.text_files import KINDS, TextFile, read_text_file
from ...data.text_settings import lines_settings, text_settings
from ...memory import in_words
from ...settings import SettingError
from ..state.token_text import legible
from ..state.user_errors import USER_ERRORS
from ..widgets.buttons import upload_button

MOST_BYTES = 1 << 24
"""The most bytes of all uploaded files: as many tokens as a zip of the run may have."""


class UploadedTexts:
    """The files that were uploaded last, unless they were refused.

    Parameters
    ----------
    on_take : callable
        Called when files were taken.
    say : callable
        Called with what is to be said of the files, and with ``refused=True`` if they were refused.

    Attributes
    ----------
    button : FileInput
    files : list of (str, bytes)
        The name and the content of each file.
    """

    def __init__(self, on_take: Callable[[], None], say: Callable[..., None]) -> None:
        self._on_take, self._say = on_take, say
        self.files: list[tuple[str, bytes]] = []
        self.button = upload_button("Upload files", ",".join(KINDS), multiple=True, margin=(4, 0))
        self.button.param.watch(self._take, "value")

    def say_names(self) -> None:
        """Say which files there are."""
        self._say(_listed_names(name for name, _ in self.files))

    def settings(self, lines: str, given: dict[str, Any]) -> dict[str, Any]:
        """Return the settings that the files stand for, and say what is left out of them.

        Parameters
        ----------
        lines : str
            What the lines are: "text", "labels" or "files".
        given : dict
            The settings of the tokens and of the task.

        Raises
        ------
        SettingError
            If a file is no text, or the text of all is invalid.
        """
        labelled = lines == "labels"
        files = [read_text_file(name, data, labelled) for name, data in self.files]
        names = [name for name, _ in self.files]
        self._say(_described(names, files))
        texts = [file.text for file in files]
        if lines == "files":
            labels = [name.rpartition(".")[0] for name in names]
            return lines_settings(texts, labels, **given)
        if not labelled:
            return text_settings("\n".join(texts), **given)
        labels = [label for file in files for label in file.labels or []]
        return lines_settings("\n".join(texts).split("\n"), labels, **given)

    def _take(self, event: param.parameterized.Event) -> None:
        if event.new is None:  # cleared; an empty file is refused as any other
            return
        contents, names = _listed(event.new), _listed(self.button.filename)
        self.button.clear()  # else the same file could not be uploaded again
        try:
            _refuse_unreadable(names, contents)
        except USER_ERRORS as mistake:
            self._say(str(mistake), refused=True)
            return
        self.files = list(zip(names, contents, strict=True))
        self._on_take()


def _refuse_unreadable(names: Sequence[str], contents: Sequence[bytes]) -> None:
    if not any(contents):
        raise SettingError("file", "The file is empty.")
    if (size := sum(map(len, contents))) > MOST_BYTES:
        raise SettingError(
            "file", f"{in_words(size)} are more than the {in_words(MOST_BYTES)} allowed."
        )
    for name, data in zip(names, contents, strict=True):
        read_text_file(name, data)


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
