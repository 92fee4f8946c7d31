"""The rows of a run in a store: its counter of saves, summary, state, events, history, checkpoints.

Those of its health and of loaded weights are in `health_rows` and `loaded_weights`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from ..settings import shown
from ..training.checkpoints import EngineState
from ..training.event_json import from_json
from ..training.event_log import is_last_at
from ..training.events import Event
from ..training.history import COLUMNS
from .run_summary import RunSummary
from .serialization import (
    Damaged,
    pack_arrays,
    pack_json,
    pack_state,
    unpack_arrays,
    unpack_json,
    unpack_state,
)

CHUNK_ROWS = 4096
"""Rows of history in one chunk; the last chunk is rewritten until it is full."""

TABLES = ("events", "tensors", "history", "checkpoints", "health")
"""Those that hold a run's past."""


def count_save(db: sqlite3.Connection, run_id: str, saves: int) -> bool:
    """Count one more save of a run; tell whether it had been saved `saves` times before."""
    query = "UPDATE runs SET saves = ? WHERE id = ? AND saves = ?"
    return bool(db.execute(query, (saves + 1, run_id, saves)).rowcount)


def replace_past(db: sqlite3.Connection, run_id: str, generation: int) -> None:
    """Delete the past of a run that was reset, and note how often it was."""
    db.execute("UPDATE runs SET generation = ? WHERE id = ?", (generation, run_id))
    for table in TABLES:
        db.execute(f"DELETE FROM {table} WHERE run = ?", (run_id,))


def write_summary(db: sqlite3.Connection, run_id: str, summary: RunSummary) -> None:
    """Write a run in numbers."""
    db.execute(
        "UPDATE runs SET step = ?, epoch = ?, settings = ?, last_loss = ?, best_loss = ?, "
        "best_of = ? WHERE id = ?",
        (summary.step, summary.epoch, pack_json(summary.settings), *summary.losses, run_id),
    )


def write_state(db: sqlite3.Connection, run_id: str, packed: tuple[str, str, bytes]) -> None:
    """Write the newest state of a run, as `pack_state` gives it."""
    db.execute("REPLACE INTO states VALUES (?, ?, ?, ?)", (run_id, *packed))


def read_state(db: sqlite3.Connection, run_id: str) -> tuple[str, str, bytes]:
    """Return the newest state of a run, as `unpack_state` takes it."""
    query = "SELECT digest, meta, tensors FROM states WHERE run = ?"
    if (row := db.execute(query, (run_id,)).fetchone()) is None:
        raise Damaged(f"the run {run_id} has no state")
    return row


def write_events(
    db: sqlite3.Connection, run_id: str, first: int, events: Sequence[dict[str, Any]]
) -> None:
    """Write the events of a run from the number `first` on, as `to_json` gives them."""
    rows = [(run_id, number, pack_json(event)) for number, event in enumerate(events, first)]
    db.executemany("REPLACE INTO events VALUES (?, ?, ?)", rows)


def read_events(db: sqlite3.Connection, run_id: str, first: int) -> list[Event]:
    """Return the events of a run from the number `first` on."""
    rows = db.execute(
        "SELECT number, event FROM events WHERE run = ? AND number >= ? ORDER BY number",
        (run_id, first),
    )
    events = []
    for number, text in rows:
        if number != first + len(events):
            raise Damaged(f"the event number {first + len(events)} of its log is missing")
        events.append(from_json(unpack_json(text)))
    return events


def chunk_start(row: int) -> int:
    """Return the first row of the chunk of history that holds a row."""
    return row // CHUNK_ROWS * CHUNK_ROWS


def write_history(
    db: sqlite3.Connection, run_id: str, first_row: int, columns: Mapping[str, NDArray]
) -> None:
    """Write the history of a run from the first row of a chunk on."""
    for first in range(0, len(columns["step"]), CHUNK_ROWS):
        part = {name: column[first : first + CHUNK_ROWS] for name, column in columns.items()}
        db.execute(
            "REPLACE INTO history VALUES (?, ?, ?)", (run_id, first_row + first, pack_arrays(part))
        )


def read_history(db: sqlite3.Connection, run_id: str, known: int) -> list[dict[str, NDArray]]:
    """Return a run's history beyond its first `known` rows, in chunks.

    Raises
    ------
    Damaged
        If a chunk lacks a column, or its columns differ in length.
    """
    rows = db.execute(
        "SELECT first, columns FROM history WHERE run = ? AND first >= ? ORDER BY first",
        (run_id, chunk_start(known)),
    )
    chunks = []
    for first, packed in rows:
        columns = unpack_arrays(packed)
        shapes = {columns[name].shape if name in columns else () for name in COLUMNS}
        if len(shapes) > 1 or len(shapes.pop()) != 1:
            raise Damaged(f"its history from row {first} on has other columns")
        skipped = max(known - first, 0)
        chunks.append({name: column[skipped:] for name, column in columns.items()})
    return chunks


def write_checkpoint(
    db: sqlite3.Connection, run_id: str, step: int, packed: tuple[str, str, bytes]
) -> None:
    """Write a checkpoint of a run, as `pack_state` gives it."""
    db.execute("REPLACE INTO checkpoints VALUES (?, ?, ?, ?, ?)", (run_id, step, *packed))


def write_checkpoints(
    db: sqlite3.Connection, run_id: str, checkpoints: Sequence[EngineState]
) -> None:
    """Write the checkpoints that the rows of a run lack, and delete those that were dropped."""
    found = db.execute("SELECT step FROM checkpoints WHERE run = ?", (run_id,))
    stored, kept = {step for (step,) in found}, {state.step for state in checkpoints}
    db.executemany(
        "DELETE FROM checkpoints WHERE run = ? AND step = ?",
        [(run_id, step) for step in stored - kept],
    )
    for state in checkpoints:
        if state.step not in stored:
            write_checkpoint(db, run_id, state.step, pack_state(state))


def read_checkpoints(
    db: sqlite3.Connection, run_id: str, generation: int, until: int
) -> list[EngineState]:
    """Return the checkpoints of a run up to a step; none if its past has been replaced since.

    Raises
    ------
    Damaged
        If one of them is not as it was saved, or does not follow from the events of the run.
    """
    rows = db.execute(
        "SELECT checkpoints.step, digest, meta, tensors FROM checkpoints JOIN runs ON run = id "
        "WHERE id = ? AND generation = ? AND checkpoints.step <= ? ORDER BY checkpoints.step",
        (run_id, generation, until),
    ).fetchall()
    events = read_events(db, run_id, 0) if rows else []
    states = []
    for step, *packed in rows:
        state = unpack_state(*packed)
        if state.step != step:
            raise Damaged(f"the state of step {state.step} is stored as that of step {step}")
        if not is_last_at(events, state.events - 1, step):
            raise Damaged(
                f"the state of step {step} counts {shown(state.events)} events, which its log "
                "does not have by then"
            )
        states.append(state)
    return states
