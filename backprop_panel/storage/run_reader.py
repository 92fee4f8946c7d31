"""Reading a run from a store: its state, events and history, and its checkpoints."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from numpy.typing import NDArray

from ..training.checkpoints import Checkpoints, EngineState
from ..training.engine import Engine
from ..training.event_log import broken_at, digests_in
from ..training.events import Event, Trained
from ..training.health_log import HealthLog
from ..training.history import History
from ..training.trainer import Trainer
from .autosaved_run import AutosavedRun
from .database import StoreError
from .health_rows import read_health
from .loaded_weights import LoadedWeights, read_loaded_weights
from .run_delta import DELETED_ELSEWHERE, Conflict, Saved
from .run_modes import read_mode
from .run_rows import read_checkpoints, read_events, read_history, read_state
from .serialization import Damaged, unpack_state
from .store_access import StoreAccess


class RunReader:
    """Reads the stored runs of one manager into their engines."""

    def __init__(self, access: StoreAccess) -> None:
        self._access = access

    def load_mode(self, entry: AutosavedRun, trainer: Trainer) -> None:
        """Take the stored mode of a run."""
        with self._access.reading() as db:
            entry.mode = read_mode(db, entry.run.id) or trainer.mode
        trainer.engine.batches.view_only(entry.mode == "visualize")

    def catch_up(self, entry: AutosavedRun, trainer: Trainer) -> None:
        """Bring a run to its stored state; changes that are not in the file are lost.

        Raises
        ------
        Conflict
            If the run is no longer in the file.
        StoreError
        """
        run_id = entry.run.id
        known = None if entry.lost or entry.saved is None or entry.is_unsaved else entry.saved
        with self._access.reading() as db:
            read = partial(self._read_checkpoints, run_id)
            entry.saved = catch_up(db, run_id, trainer.engine, known, read)
        entry.lost = False
        trainer.notify_watchers()

    def _read_checkpoints(self, run_id: str, generation: int, until: int) -> list[EngineState]:
        try:
            with self._access.reading() as db:
                return read_checkpoints(db, run_id, generation, until)
        except StoreError as error:
            # Checkpoints only shorten a replay: without them it begins at step 0.
            self._access.report(error)
            return []


def catch_up(
    db: sqlite3.Connection,
    run_id: str,
    engine: Engine,
    known: Saved | None,
    read: Callable[[int, int], list[EngineState]],
) -> Saved:
    """Bring an engine to the stored state of its run.

    Parameters
    ----------
    db : sqlite3.Connection
        Within a transaction.
    run_id : str
    engine : Engine
        No other thread changes it meanwhile.
    known : Saved or None
        What the engine has from the file, if it has no other change; None: everything is read.
    read : callable
        Reads the checkpoints of a generation up to a step.

    Raises
    ------
    Conflict
        If the run is not in the file.
    Damaged
        If it cannot be read; the engine is unchanged then.
    """
    row = db.execute("SELECT generation, saves FROM runs WHERE id = ?", (run_id,)).fetchone()
    if row is None:
        raise Conflict(DELETED_ELSEWHERE)
    generation, saves = row
    if known is not None and known.generation != generation:  # its past has been replaced
        known = None
    # Everything is read before the engine changes, so that damage leaves it as it is.
    stored = _read_stored(db, run_id, engine, known)
    if known is None:
        engine.events = []
        engine.history.restore(History())
    stored.apply(engine)
    engine.checkpoints = Checkpoints(read=lambda: read(generation, stored.state.step))
    return Saved.of(engine, generation, saves)


@dataclass(frozen=True)
class _Stored:
    """The stored state of a run, and the part of its log and history that an engine lacks.

    Attributes
    ----------
    first_event : int
        The number of the first of `events`.
    events : list of Event
    tensors : mapping of str to array
        All weights that the run has loaded, by their digests.
    history : list of dict of str to array
        Rows in chunks.
    state : EngineState
    health : HealthLog
        All of it.
    """

    first_event: int
    events: list[Event]
    tensors: LoadedWeights
    history: list[dict[str, NDArray]]
    state: EngineState
    health: HealthLog

    def apply(self, engine: Engine) -> None:
        """Bring an engine to the state, with log, tensors and history."""
        engine.tensors = dict(self.tensors)
        engine.events[self.first_event :] = self.events
        for chunk in self.history:
            engine.history.extend_from(chunk)
        engine.restore(self.state)
        engine.health = self.health


def _read_stored(
    db: sqlite3.Connection, run_id: str, engine: Engine, known: Saved | None
) -> _Stored:
    # The last known event may have grown.
    first_event, rows = (max(known.events - 1, 0), known.rows) if known else (0, 0)
    events = read_events(db, run_id, first_event)
    tensors = engine.tensors if known else {}
    tensors = read_loaded_weights(db, run_id, engine.network, digests_in(events), tensors)
    history = read_history(db, run_id, rows)
    state = unpack_state(*read_state(db, run_id))
    _refuse_broken_log(events, engine.events[:first_event], state)
    rows += sum(len(chunk["step"]) for chunk in history)
    if rows != state.step:
        raise Damaged(f"its history has {rows} rows for {state.step} steps")
    health = read_health(db, run_id, engine.network.depth, state.step)
    return _Stored(first_event, events, tensors, history, state, health)


def _refuse_broken_log(events: list[Event], known: list[Event], state: EngineState) -> None:
    """Refuse a log with missing events: a replay would silently give other weights."""
    log = [*known, *events]
    if (index := broken_at(log)) is not None:
        raise Damaged(f"events before number {index} of its log are missing")
    steps = sum(event.updates for event in log if isinstance(event, Trained))
    if (len(log), steps) != (state.events, state.step):
        raise Damaged(
            f"its log has {len(log)} events and {steps} updates where its state has "
            f"{state.events} and {state.step}"
        )
