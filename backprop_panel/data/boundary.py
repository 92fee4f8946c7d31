"""The boundary token, which marks where a master sequence begins and ends."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..memory import in_words, physical_memory
from ..settings import SettingError, shown
from .master_sequences import MasterSequences, pieces_of

SUGGESTED = ".|#~¶␞"
"""Tokens that are seldom part of a text."""


def with_boundaries(masters: MasterSequences, boundary: int, before: int) -> MasterSequences:
    """Return the masters with `before` boundary tokens before each and one after it.

    Parameters
    ----------
    masters : MasterSequences
    boundary : int
        The id of the boundary token.
    before : int

    Raises
    ------
    SettingError
        If the result would not fit into memory.
    """
    lengths = masters.lengths + before + 1
    starts = np.cumsum(lengths) - lengths
    _refuse_too_large(int(lengths.sum()) * masters.ids.itemsize, before + 1)
    ids = np.full(lengths.sum(), boundary, masters.ids.dtype)
    for part in pieces_of(masters.lengths):
        count = masters.lengths[part]
        if len(part) == 1:
            target, source = starts[part[0]] + before, masters.starts[part[0]]
            ids[target : target + count[0]] = masters.ids[source : source + count[0]]
            continue
        # The place of each token in its master, then its place in the result and among the ids.
        place = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        target = place + np.repeat(starts[part] + before, count)
        ids[target] = masters.ids[place + np.repeat(masters.starts[part], count)]
    return MasterSequences(ids, starts, lengths)


def refuse_boundary_inside(masters: MasterSequences, token: str, vocabulary: Sequence[str]) -> None:
    """Raise `SettingError` if a master contains the boundary token."""
    if (masters.ids == vocabulary.index(token)).any():
        free = next((sign for sign in SUGGESTED if sign not in vocabulary), None)
        hint = f", such as {free!r}" if free else ""
        raise SettingError(
            "boundary",
            f"boundary is {shown(token)}, but the master sequences contain it themselves; it must "
            f"be a token that occurs in none of them{hint}.",
        )


def _refuse_too_large(needed: int, a_master: int) -> None:
    limit = physical_memory() // 2
    if needed > limit:
        raise SettingError(
            "sequence_length",
            f"{shown(a_master)} boundary tokens for each master sequence would take more than the "
            f"{in_words(limit)} of memory that are allowed here.",
        )
