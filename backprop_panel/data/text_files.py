"""Text files: bytes in any usual encoding become lines, and labels if each line has one."""

from __future__ import annotations

import csv
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Sequence
from dataclasses import dataclass

from ..settings import SettingError, shortened, shown
from .text_tokens import lines_of, with_line_feeds

KINDS = (".txt", ".csv", ".tsv")
"""The files that are taken, by how their names end."""


@dataclass(frozen=True)
class TextFile:
    """What a text file holds.

    Attributes
    ----------
    text : str
        Its lines, without a byte order mark.
    labels : list of str or None
        The label of each line, if they have labels.
    unlabelled : int
        Lines that were left out, as they have no label.
    notice : str
        What a person should know of how it was read; empty for nothing.
    """

    text: str
    labels: list[str] | None = None
    unlabelled: int = 0
    notice: str = ""


def read_text_file(name: str, data: bytes, labelled: bool = False) -> TextFile:
    """Return what a text file holds.

    Parameters
    ----------
    name : str
        Its name; one that ends in ``.csv`` is read as CSV if its lines have labels.
    data : bytes
    labelled : bool
        Whether each line is a label, a tab and a text, or two columns of CSV: label and text.

    Raises
    ------
    SettingError
        If it is of another kind, cannot be decoded, or no line has a label.
    """
    if not name.lower().endswith(KINDS):
        raise SettingError(
            "file", f"Files that end in {', '.join(KINDS)} are taken, got {shown(name)}."
        )
    text, notice = _decoded(name, data)
    text = with_line_feeds(text)
    if not labelled:
        return TextFile(text, notice=notice)
    if name.lower().endswith(".csv"):
        lines, labels, left_out = csv_lines(text)
    else:
        lines, labels, left_out = tabbed_lines(text)
    if not lines:
        raise SettingError("file", f"No line of {shown(name)} is a label and a text.")
    return TextFile("\n".join(lines), labels, left_out, notice)


def tabbed_lines(text: str) -> tuple[list[str], list[str], int]:
    """Return the texts and labels of lines ``label<TAB>text``, and how many lines are none."""
    rows = [line.split("\t", 1) for line in lines_of(text) if line]
    return _with_labels(rows)


def csv_lines(text: str) -> tuple[list[str], list[str], int]:
    """Return the texts and labels of CSV's rows of two columns, and how many rows are none.

    Raises
    ------
    SettingError
        If it is no CSV.
    """
    try:
        rows = [row for row in csv.reader(text.splitlines(keepends=True)) if row]
    except csv.Error as error:
        raise SettingError("file", f"The file is no CSV: {shortened(error)}.") from error
    return _with_labels(rows)


def _with_labels(rows: Sequence[Sequence[str]]) -> tuple[list[str], list[str], int]:
    pairs = [row for row in rows if len(row) == 2 and row[1]]
    # A line break within a column would end the line.
    texts = [text.replace("\n", " ") for _, text in pairs]
    return texts, [label for label, _ in pairs], len(rows) - len(pairs)


def _decoded(name: str, data: bytes) -> tuple[str, str]:
    """Return the text of bytes, and a notice if its encoding is a guess."""
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        try:
            return data.decode("utf-16"), ""
        except UnicodeDecodeError as error:
            raise SettingError(
                "file", f"{shown(name)} begins as UTF-16 does, but is none: {shortened(error)}."
            ) from error
    try:
        return data.decode("utf-8-sig"), ""
    except UnicodeDecodeError:
        return data.decode("latin-1"), f"{shown(name)} is not UTF-8; it was read as Latin-1."
