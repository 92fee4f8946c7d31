"""The tokens of a text, characters or words, and the vocabulary that is inferred from them.

`token_encoder` turns tokens into their ids.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..plain_values import is_whole
from ..settings import SettingError, refuse_unstorable, shown

TOKEN_TYPES = ("characters", "words")

UNKNOWN = "<unknown>"
"""The token for everything that a limited vocabulary leaves out."""

CHARACTERS_AT_ONCE = 1 << 20
"""Characters of a text that are decoded at a time, which limits the memory needed."""

CODES = 0x110000
"""Number of Unicode's characters."""

_MARKS = "\\s" + re.escape('!"#$%&()*+,./:;<=>?@[\\]^_`{|}~…“”„«»–—¡¿')
WORD = re.compile(rf"[^{_MARKS}'’-]+(?:['’-][^{_MARKS}'’-]+)*|\S")
"""A word, with the apostrophes and hyphens inside it, or a punctuation mark.

Words are what stands between spaces and marks, so that combining characters stay with theirs.
"""


def split_tokens(line: str, token_type: str) -> list[str]:
    """Return the tokens of a line."""
    return list(line) if token_type == "characters" else WORD.findall(line)


def pieces(text: str) -> Iterator[NDArray[np.unsignedinteger]]:
    """Yield the character codes of a text, piece by piece, in one byte each if they are ASCII.

    Raises
    ------
    SettingError
        If the text cannot be stored.
    """
    for start in range(0, len(text), CHARACTERS_AT_ONCE):
        piece = text[start : start + CHARACTERS_AT_ONCE]
        if piece.isascii():
            yield np.frombuffer(piece.encode("ascii"), np.uint8)
        else:
            refuse_unstorable("master_sequences", piece)
            yield np.frombuffer(piece.encode("utf-32-le"), "<u4")


def lines_of(text: str) -> Iterator[str]:
    """Yield the lines of a text, without a list of all of them."""
    start = 0
    while (end := text.find("\n", start)) >= 0:
        yield text[start:end]
        start = end + 1
    yield text[start:]


def count_tokens(text: str, token_type: str = "characters") -> dict[str, int]:
    """Return how often each token of a text occurs, line breaks aside, in code order."""
    if token_type == "words":
        return _in_order(Counter(word for line in lines_of(text) for word in WORD.findall(line)))
    counts = np.zeros(CODES, np.int64)
    for codes in pieces(text):
        found = np.bincount(codes)
        counts[: len(found)] += found
    counts[ord("\n")] = 0
    return {chr(code): int(counts[code]) for code in np.flatnonzero(counts)}


def count_listed(masters: Iterable[Sequence[str]]) -> dict[str, int]:
    """Return how often each token of some lists of tokens occurs, in code order."""
    return _in_order(Counter(token for master in masters for token in master))


def infer_vocabulary(
    counts: Mapping[str, int], boundary: str | None, max_vocabulary: int | None
) -> tuple[list[str], str | None]:
    """Return a vocabulary, and the token for what is left out, None if nothing is.

    Parameters
    ----------
    counts : mapping of str to int
        How often each token occurs, in the order of the vocabulary.
    boundary : str or None
        A token that comes first.
    max_vocabulary : int or None
        The most tokens of the vocabulary, those for boundary and unknown included. The most
        frequent ones are kept.

    Raises
    ------
    SettingError
        If `max_vocabulary` is no number, or leaves room for no token.
    """
    special = [] if boundary is None else [boundary]
    tokens = [token for token in counts if token not in special]
    if max_vocabulary is None:
        return special + tokens, None
    room = len(special) + 2
    if not is_whole(max_vocabulary) or max_vocabulary < room:
        raise SettingError(
            "max_vocabulary",
            f"max_vocabulary must be a whole number of at least {room}, got "
            f"{shown(max_vocabulary)}.",
        )
    if len(special) + len(tokens) <= max_vocabulary:
        return special + tokens, None
    frequent = sorted(tokens, key=lambda token: -counts[token])
    kept = set(frequent[: max_vocabulary - len(special) - 1])
    return [*special, *(token for token in tokens if token in kept), UNKNOWN], UNKNOWN


def normalized(text: Any) -> str:
    """Return a text as `with_line_feeds` does.

    Raises
    ------
    SettingError
        If it is no text, with a hint at how to make one, or empty.
    """
    _refuse_no_text(text)
    text = with_line_feeds(text)
    if text.count("\n") == len(text):
        raise SettingError("master_sequences", "The text is empty.")
    return text


def with_line_feeds(text: str) -> str:
    """Return a text without a byte order mark, all its line breaks as line feeds."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _refuse_no_text(text: Any) -> None:
    if isinstance(text, str):
        return
    hint = ""
    if isinstance(text, (bytes, bytearray)):
        hint = " Decode it first: text.decode()."
    elif isinstance(text, os.PathLike):
        hint = " Read the file first: path.read_text()."
    elif isinstance(text, (list, tuple)):
        hint = " SequenceDataset.from_lines takes a list."
    raise SettingError("master_sequences", f"The text must be a str, got {shown(text)}.{hint}")


def _in_order(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items()))
