"""A run that is trained in another process, and written to a store in this one."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

from ..training.checkpoints import EngineState
from ..training.event_json import to_json
from ..training.events import Trained
from ..training.health_log import StepHealth
from ..training.history import History
from .health_rows import read_health, write_health
from .run_delta import CHANGED_ELSEWHERE, DELETED_ELSEWHERE, Conflict
from .run_index import RunIndex
from .run_rows import (
    chunk_start,
    count_save,
    read_events,
    read_history,
    read_state,
    write_checkpoint,
    write_events,
    write_history,
    write_state,
    write_summary,
)
from .run_summary import RunSummary, losses_of
from .serialization import pack_state, unpack_json, unpack_state, unpack_unchecked_state


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
        saves = self._saves or 0
        if not count_save(db, self.id, saves):
            known = db.execute("SELECT 1 FROM runs WHERE id = ?", (self.id,)).fetchone()
            raise Conflict(CHANGED_ELSEWHERE if known else DELETED_ELSEWHERE)
        step, *packed = self.state
        write_summary(db, self.id, self._summary())
        write_state(db, self.id, packed)
        write_events(db, self.id, 0, [to_json(Trained(0, self.config["batch_size"], step))])
        first = chunk_start(self._saved_step)
        rows = {name: column[first:step] for name, column in self.history.items()}
        write_history(db, self.id, first, rows)
        write_health(db, self.id, self.health)
        write_checkpoint(db, self.id, step, packed)
        return _Mark(saves + 1, step)

    def saved(self, mark: _Mark) -> None:
        """Note that what `save` wrote is in the file: its transaction has succeeded."""
        self._saves, self._saved_step = mark.saves, mark.step
        self.is_unsaved = False

    def _summary(self) -> RunSummary:
        step, meta = self.state.step, unpack_json(self.state.meta)
        scores = {name: self.history[name][:step] for name in ("loss", "validation_loss")}
        return RunSummary(step, meta["epoch"], meta["settings"], losses_of(scores))


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
    events = read_events(db, run_id, 0)
    if len(events) != 1 or not isinstance(events[0], Trained):
        raise Conflict(CHANGED_ELSEWHERE)
    run = RemoteRun(run_id, name, unpack_json(config), _saves=saves)
    packed = read_state(db, run_id)
    step = unpack_unchecked_state(*packed[1:]).step
    run.state, run._saved_step = PackedState(step, *packed), step
    for chunk in read_history(db, run_id, 0):
        run.history.extend_from(chunk)
    run.health = read_health(db, run_id, None, step).moments
    return run
