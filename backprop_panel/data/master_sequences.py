"""Master sequences: the fixed patterns that training windows are cut from, as token ids."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..memory import in_words, physical_memory
from ..rng import random_stream
from ..settings import SettingError, shown

TokenIds = NDArray[np.unsignedinteger]

CHARACTERS_AT_ONCE = 1 << 20
"""Characters of a text that are decoded at a time, which limits the memory needed."""

BYTES_OF_A_MASTER = 300
"""Memory that each generated master needs beside its ids."""


@dataclass(frozen=True)
class MasterSequences:
    """Token ids of all masters, one after the other.

    Attributes
    ----------
    ids : array, shape (tokens,), 1 or 2 bytes each
    starts, lengths : array, shape (masters,)
        The position in `ids` at which each master begins, and its length.
    """

    ids: TokenIds
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, master: int) -> TokenIds:
        """Return the ids of one master, a view."""
        start = self.starts[master]
        return self.ids[start : start + self.lengths[master]]

    def __iter__(self) -> Iterator[TokenIds]:
        return (self[master] for master in range(len(self)))

    def at_least(self, length: int) -> MasterSequences:
        """Return the masters of at least `length` tokens, on the same ids."""
        long_enough = self.lengths >= length
        return MasterSequences(self.ids, self.starts[long_enough], self.lengths[long_enough])


def smallest_id_type(vocabulary_size: int) -> type[np.unsignedinteger]:
    """Return the smallest type that holds the ids of a vocabulary."""
    if vocabulary_size > 1 << 16:
        raise SettingError(
            "vocabulary",
            f"vocabulary may hold at most 65536 tokens, got {vocabulary_size}.",
        )
    return np.uint8 if vocabulary_size <= 1 << 8 else np.uint16


def generate(
    vocabulary_size: int, count: int, lengths: tuple[int, int], seed: int
) -> MasterSequences:
    """Draw `count` distinct sequences, each of a random length within `lengths`, ends included.

    Raises
    ------
    SettingError
        If there are not that many distinct sequences, or they would not fit into memory.
    """
    low, high = lengths
    _refuse_too_large(count, high)
    possible = 0
    for length in range(low, high + 1):
        possible += vocabulary_size ** min(length, 64)  # a number of few digits, and enough
        if possible >= count:
            break
    if possible < count:
        raise SettingError(
            "num_master_sequences",
            f"num_master_sequences is {count}, but {vocabulary_size} token(s) and a length of "
            f"{low} to {high} make only {possible} distinct sequence(s).",
        )
    random = random_stream("master sequences", seed)
    id_type = smallest_id_type(vocabulary_size)
    distinct: dict[bytes, TokenIds] = {}
    while len(distinct) < count:
        length = random.integers(low, high, endpoint=True)
        ids = random.integers(vocabulary_size, size=length, dtype=id_type)
        distinct.setdefault(ids.tobytes(), ids)
    return _joined(list(distinct.values()), id_type)


def _refuse_too_large(count: int, length: int) -> None:
    # Two bytes an id at most, once by itself and once among all.
    needed = count * (4 * length + BYTES_OF_A_MASTER)
    limit = physical_memory() // 2
    if needed > limit:
        raise SettingError(
            "num_master_sequences" if length < count else "master_sequence_length",
            f"{shown(count)} master sequences of up to {shown(length)} tokens would take more "
            f"than the {in_words(limit)} of memory that are allowed here.",
        )


def encode(masters: Sequence[Sequence[str]], vocabulary: Sequence[str]) -> MasterSequences:
    """Encode explicit masters, each a string of one-character tokens or a list of tokens."""
    if not isinstance(masters, (list, tuple)) or not masters:
        raise SettingError(
            "master_sequences",
            "master_sequences must be a list of strings or of lists of tokens, or a text with one "
            f"master a line, got {shown(masters)}.",
        )
    id_type = smallest_id_type(len(vocabulary))
    index = {token: number for number, token in enumerate(vocabulary)}
    encoded = []
    for number, master in enumerate(masters):
        if not isinstance(master, (str, list, tuple)):
            raise SettingError(
                "master_sequences",
                f"master_sequences[{number}] must be a string or a list of tokens, "
                f"got {shown(master)}.",
            )
        for token in master:
            if not isinstance(token, str) or token not in index:
                raise SettingError(
                    "master_sequences",
                    f"master_sequences[{number}] holds {shown(token)}, which is not in the "
                    f"vocabulary {_shortened(vocabulary)}.",
                )
        encoded.append(np.array([index[token] for token in master], id_type))
    return _joined(encoded, id_type)


def encode_text(text: str, vocabulary: Sequence[str]) -> MasterSequences:
    """Encode a text: each line is a master, each character a token."""
    longer = [token for token in vocabulary if len(token) != 1]
    if longer:
        raise SettingError(
            "vocabulary",
            "In a text every character is a token, so vocabulary must hold single characters, "
            f"got {shown(longer[0])}. Give master_sequences as a list of lists of tokens instead.",
        )
    id_type = smallest_id_type(len(vocabulary))
    ids = np.empty(len(text), id_type)
    filled = 0
    breaks = []
    table, known = _character_table(vocabulary, id_type)
    for start in range(0, len(text), CHARACTERS_AT_ONCE):
        piece = text[start : start + CHARACTERS_AT_ONCE]
        codes = np.frombuffer(piece.encode("utf-32-le", "surrogatepass"), "<u4")
        is_break = codes == ord("\n")
        unknown = ~is_break & ~known[np.minimum(codes, len(known) - 1)]
        if unknown.any():
            token = chr(codes[unknown.argmax()])
            raise SettingError(
                "master_sequences",
                f"The text holds {shown(token)}, which is not in the vocabulary "
                f"{_shortened(vocabulary)}.",
            )
        tokens = codes[~is_break]
        ids[filled : filled + len(tokens)] = table[tokens]
        places = np.flatnonzero(is_break)
        breaks.append(filled + places - np.arange(len(places)))
        filled += len(tokens)
    starts = np.concatenate([[0], *breaks]).astype(np.int64)
    lengths = np.diff(np.append(starts, filled))
    return MasterSequences(ids[:filled], starts, lengths)


def refuse_no_text(text: Any) -> None:
    """Raise `SettingError` unless `text` is a str; the message tells how to make one."""
    if isinstance(text, str):
        return
    hint = ""
    if isinstance(text, (bytes, bytearray)):
        hint = " Decode it first: text.decode()."
    elif isinstance(text, os.PathLike):
        hint = " Read the file first: path.read_text()."
    elif isinstance(text, (list, tuple)):
        hint = " SequenceDataset takes a list as master_sequences."
    raise SettingError("master_sequences", f"The text must be a str, got {shown(text)}.{hint}")


def text_vocabulary(text: str) -> list[str]:
    """Return the distinct characters of a text but its line breaks, in code order."""
    return sorted(set(text) - {"\n"})


def _character_table(
    vocabulary: Sequence[str], id_type: type[np.unsignedinteger]
) -> tuple[TokenIds, NDArray[np.bool_]]:
    """Return the id of each character code, and which codes are known; the last never is."""
    size = max(map(ord, vocabulary)) + 2
    table, known = np.zeros(size, id_type), np.zeros(size, bool)
    codes = [ord(token) for token in vocabulary]
    table[codes] = np.arange(len(vocabulary))
    known[codes] = True
    return table, known


def _joined(masters: list[TokenIds], id_type: type[np.unsignedinteger]) -> MasterSequences:
    lengths = np.array([len(master) for master in masters], np.int64)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)
    return MasterSequences(np.concatenate([np.empty(0, id_type), *masters]), starts, lengths)


def _shortened(vocabulary: Sequence[str], most: int = 20) -> str:
    shown = ", ".join(map(repr, vocabulary[:most]))
    return f"[{shown}{', …' if len(vocabulary) > most else ''}]"
