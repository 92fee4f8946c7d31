"""Master sequences: the fixed patterns that training windows are cut from, as token ids."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..memory import in_words, physical_memory
from ..rng import random_stream
from ..settings import SettingError, shown

TokenIds = NDArray[np.unsignedinteger]

TOKENS_AT_ONCE = 1 << 17
"""Tokens that are processed at a time, which limits the memory needed."""

BYTES_OF_A_MASTER = 300
"""Memory that each generated master needs beside its ids."""


@dataclass(frozen=True)
class MasterSequences:
    """Token ids of all masters, one after the other; the arrays are read-only.

    Attributes
    ----------
    ids : array, shape (tokens,), 1 or 2 bytes each
    starts, lengths : array, shape (masters,)
        The position in `ids` at which each master begins, and its length.
    """

    ids: TokenIds
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]

    def __post_init__(self) -> None:
        for array in (self.ids, self.starts, self.lengths):
            array.flags.writeable = False

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, master: int) -> TokenIds:
        """Return the ids of one master, a view."""
        start = self.starts[master]
        return self.ids[start : start + self.lengths[master]]

    def __iter__(self) -> Iterator[TokenIds]:
        return (self[master] for master in range(len(self)))

    def select(self, masters: NDArray[np.bool_]) -> MasterSequences:
        """Return some of the masters, on the same ids."""
        return MasterSequences(self.ids, self.starts[masters], self.lengths[masters])


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
    return joined(list(distinct.values()), id_type)


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


def joined(masters: Sequence[TokenIds], id_type: type[np.unsignedinteger]) -> MasterSequences:
    """Return masters from the ids of each."""
    lengths = np.array([len(master) for master in masters], np.int64)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)
    return MasterSequences(np.concatenate([np.empty(0, id_type), *masters]), starts, lengths)


def pieces_of(lengths: NDArray[np.int64]) -> list[NDArray[np.intp]]:
    """Divide masters into pieces of about TOKENS_AT_ONCE tokens; a longer master is one by itself.

    Returns
    -------
    list of arrays of int
        The numbers of each piece's masters.
    """
    is_long = lengths > TOKENS_AT_ONCE
    short = np.flatnonzero(~is_long)
    piece_of = np.cumsum(lengths[short]) // TOKENS_AT_ONCE
    pieces = np.split(short, np.flatnonzero(np.diff(piece_of)) + 1) if len(short) else []
    return [*pieces, *np.flatnonzero(is_long)[:, np.newaxis]]
