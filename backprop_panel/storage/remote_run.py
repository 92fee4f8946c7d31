"""A run that is trained in another process, and written to a store in this one."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ..training.checkpoints import EngineState
from ..training.event_json import to_json
from ..training.events import Trained
from ..training.health_log import COLUMNS, StepHealth
from ..training.history import History
from .health_rows import write_health
from .run_delta import CHANGED_ELSEWHERE, CHUNK_ROWS, DELETED_ELSEWHERE, Conflict
from .run_index import RunIndex
from .run_reader import read_history
from .run_summary import losses_of
from .serialization import pack_arrays, pack_json, pack_state, read_state, unpack_json, unpack_state


class PackedState(NamedTuple):
    """A state of an engine as a store keeps it.

    Attributes
    ----------
    step : int
    digest, meta : str
    tensors : bytes
    """

    step: int
    digest: str
    meta: str
    tensors: bytes

    @classmethod
    def of(cls, state: EngineState) -> PackedState:
        """Return a state in packed form."""
        return cls(state.step, *pack_state(state))

    def unpacked(self) -> EngineState:
        """Return the state.

        Raises
        ------
        Damaged
        """
        return unpack_state(self.digest, self.meta, self.tensors)


@dataclass
class RemoteRun:
    """A run of a constant configuration, and how much of it is in the store.

    It has one event: so many updates of one batch size.

    Attributes
    ----------
    id, name : str
    config : dict
        All settings.
    history : History
        May have more updates than `state`: these are stored with the next state.
    state : PackedState or None
        The newest checkpoint.
    health : list of StepHealth
    is_unsaved : bool
        Whether the checkpoint is not in the store yet.
    parent : None
        It is no fork.
    """

    id: str
    name: str
    config: Mapping[str, Any]
    history: History = field(default_factory=History)
    state: PackedState | None = None
    health: list[StepHealth] = field(default_factory=list)
    parent: ClassVar[None] = None
    _saves: int | None = None
    _saved_step: int = 0
    is_unsaved: bool = False

    def take_state(self, state: PackedState, health: list[StepHealth]) -> None:
        """Keep a checkpoint, which `save` writes.

        One that waited for that is let go: a store that is slow must not fill the memory.
        """
        if self.state is not None and self.state.step == state.step:
            return
        self.state, self.health = state, health
        self.is_unsaved = True

    def return_to_state(self) -> None:
        """Forget the updates after the newest checkpoint."""
        known = History()
        known.restore(self.history, 0 if self.state is None else self.state.step)
        self.history = known

    def save(self, db: sqlite3.Connection, index: RunIndex) -> _Mark:
        """Write what is new up to the newest checkpoint; `saved` marks it as written.

        Raises
        ------
        Conflict
            If the run was changed or deleted meanwhile.
        """
        if self._saves is None:
            self.name = index.insert(db, self, f"{self.name} (")
            saves = 1
            db.execute("UPDATE runs SET saves = 1 WHERE id = ?", (self.id,))
        else:
            saves = self._saves + 1
            self._count_save(db, saves)
        step = self.state.step
        self._write_state(db)
        event = pack_json(to_json(Trained(0, self.config["batch_size"], step)))
        db.execute("REPLACE INTO events VALUES (?, 0, ?)", (self.id, event))
        for first in range(self._saved_step // CHUNK_ROWS * CHUNK_ROWS, step, CHUNK_ROWS):
            part = slice(first, min(first + CHUNK_ROWS, step))
            rows = {name: column[part] for name, column in self.history.items()}
            db.execute("REPLACE INTO history VALUES (?, ?, ?)", (self.id, first, pack_arrays(rows)))
        write_health(db, self.id, self.health)
        db.execute("REPLACE INTO checkpoints VALUES (?, ?, ?, ?, ?)", (self.id, *self.state))
        return _Mark(saves, step)

    def saved(self, mark: _Mark) -> None:
        """Note that what `save` wrote is in the file: its transaction has succeeded."""
        self._saves, self._saved_step = mark.saves, mark.step
        self.is_unsaved = False

    def _count_save(self, db: sqlite3.Connection, saves: int) -> None:
        """Count a save; raise `Conflict` if another process has saved the run in between."""
        changed = db.execute(
            "UPDATE runs SET saves = ? WHERE id = ? AND saves = ?", (saves, self.id, self._saves)
        )
        if not changed.rowcount:
            known = db.execute("SELECT 1 FROM runs WHERE id = ?", (self.id,)).fetchone()
            raise Conflict(CHANGED_ELSEWHERE if known else DELETED_ELSEWHERE)

    def _write_state(self, db: sqlite3.Connection) -> None:
        state = self.state
        meta = unpack_json(state.meta)
        scores = {name: self.history[name][: state.step] for name in ("loss", "validation_loss")}
        db.execute(
            "UPDATE runs SET step = ?, epoch = ?, settings = ?, last_loss = ?, best_loss = ?, "
            "best_of = ? WHERE id = ?",
            (state.step, meta["epoch"], pack_json(meta["settings"]), *losses_of(scores), self.id),
        )
        db.execute("REPLACE INTO states VALUES (?, ?, ?, ?)", (self.id, *state[1:]))


class _Mark(NamedTuple):
    """What one `RemoteRun.save` wrote: the counter of saves, and the step."""

    saves: int
    step: int


def read_remote_run(db: sqlite3.Connection, run_id: str) -> RemoteRun | None:
    """Return a stored run to be trained on in another process; None if there is none.

    Raises
    ------
    Conflict
        If it has other events than updates: it was changed by hand.
    Damaged
    """
    row = db.execute("SELECT name, config, saves FROM runs WHERE id = ?", (run_id,)).fetchone()
    if row is None:
        return None
    name, config, saves = row
    events = db.execute("SELECT event FROM events WHERE run = ?", (run_id,)).fetchall()
    if len(events) != 1 or unpack_json(events[0][0])["kind"] != "trained":
        raise Conflict(CHANGED_ELSEWHERE)
    run = RemoteRun(run_id, name, unpack_json(config), _saves=saves)
    digest, meta, tensors = db.execute(
        "SELECT digest, meta, tensors FROM states WHERE run = ?", (run_id,)
    ).fetchone()
    step = read_state(meta, tensors).step
    run.state, run._saved_step = PackedState(step, digest, meta, tensors), step
    for chunk in read_history(db, run_id, 0):
        run.history.extend_from(chunk)
    moments = db.execute("SELECT step, layers FROM health WHERE run = ? ORDER BY step", (run_id,))
    run.health = [
        StepHealth(step, np.frombuffer(packed, "<f4").reshape(-1, COLUMNS))
        for step, packed in moments
    ]
    return run
