"""The rows of a sweep's runs in a store."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from .serialization import Damaged, pack_json, unpack_json


class TrialRow(NamedTuple):
    """A run of a sweep as its row says, in the order of the columns.

    One that is read is unchecked: its JSON may be of any kind.

    Attributes
    ----------
    number : int
    run_id : str
    settings : dict
        Those that differ between runs.
    status, reason : str
    rungs : dict
        ``{"scores": [...]}``: its score at each rung that it has reached.
    score : dict of str to float or None
        Its losses; None if the row is of an older format.
    """

    number: int
    run_id: str
    settings: Any
    status: str
    reason: str
    rungs: Any
    score: Any


def write_trials(db: sqlite3.Connection, sweep_id: str, trials: Iterable[TrialRow]) -> None:
    """Write the rows of some runs of a sweep."""
    db.executemany(
        "REPLACE INTO trials VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                sweep_id,
                trial.number,
                trial.run_id,
                pack_json(trial.settings),
                trial.status,
                trial.reason,
                pack_json(trial.rungs),
                pack_json(trial.score),
            )
            for trial in trials
        ],
    )


def read_trials(db: sqlite3.Connection, sweep_id: str) -> list[TrialRow]:
    """Return the runs of a sweep that have a row, in the order of their numbers.

    Raises
    ------
    Damaged
        If a column holds no text or no JSON; it names the run and the column.
    """
    packed = ", ".join(f"CAST({column} AS BLOB)" for column in UNPACKED)
    query = f"SELECT number, {packed} FROM trials WHERE sweep = ? ORDER BY number"
    return [_unpacked(*row) for row in db.execute(query, (sweep_id,))]


def _unpacked(number: int, *packed: bytes | None) -> TrialRow:
    fields = []
    for (column, unpack), value in zip(UNPACKED.items(), packed, strict=True):
        try:
            fields.append(unpack(value))
        except Damaged as error:
            raise Damaged(f"the {column} of its run #{number + 1}: {error}") from error
    return TrialRow(number, *fields)


def _text(packed: bytes) -> str:
    try:
        return packed.decode()
    except UnicodeDecodeError as error:
        raise Damaged(f"its text cannot be read: {error}") from error


def _json_if_given(packed: bytes | None) -> Any:
    return None if packed is None else unpack_json(packed)


UNPACKED: dict[str, Callable[[Any], Any]] = {
    "run": _text,
    "settings": unpack_json,
    "status": _text,
    "reason": _text,
    "rungs": unpack_json,
    "score": _json_if_given,
}
"""The columns after the number, and what reads each of them from bytes."""
