"""The changes of a run since it was last saved: taken, and written to a store."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from typing import Any

from numpy.typing import NDArray

from ..training.checkpoints import EngineState
from ..training.engine import Engine
from ..training.event_json import to_json
from ..training.event_log import digests_in, loss_since
from ..training.events import Event, Trained
from ..training.health_log import StepHealth
from .health_rows import write_health
from .loaded_weights import LoadedWeights, write_loaded_weights
from .run_rows import (
    chunk_start,
    count_save,
    replace_past,
    write_checkpoints,
    write_events,
    write_history,
    write_state,
    write_summary,
)
from .run_summary import RunSummary, losses_of
from .serialization import pack_state

CHANGED_ELSEWHERE = "it was changed in another window or process meanwhile"
DELETED_ELSEWHERE = "it was deleted in another window or process"


class Conflict(Exception):
    """A run in the file has been changed or deleted elsewhere."""


@dataclass(frozen=True)
class Saved:
    """How much of a run's engine is in the file, as one manager knows it.

    Attributes
    ----------
    log : list of Event
        The engine's own list. A reset gives the engine a new list, by which it is noticed.
    generation, saves : int
        How often the run was reset, and saved.
    events : int
    updates : int
        The number of updates in the last event. It grows while training goes on.
    rows : int
    complete : bool
        Whether the checkpoints are saved too.
    """

    log: list[Event]
    generation: int
    saves: int
    events: int
    updates: int
    rows: int
    complete: bool = True

    @classmethod
    def of(cls, engine: Engine, generation: int, saves: int) -> Saved:
        """Return the record of an engine that is saved in its present state."""
        log = engine.events
        return cls(log, generation, saves, len(log), _last_updates(log), engine.history.rows)

    def is_all_of(self, engine: Engine) -> bool:
        """Tell whether the engine has no unsaved change."""
        return self.complete and self.has_events_of(engine)

    def has_events_of(self, engine: Engine) -> bool:
        """Tell whether all that was done to the engine is in the file."""
        log = engine.events
        same = log is self.log and len(log) == self.events
        return same and _last_updates(log) == self.updates


@dataclass(frozen=True)
class RunDelta:
    """The changes of an engine since it was last saved, taken between two steps.

    Attributes
    ----------
    before : Saved or None
        What the file must hold before the delta is written; None: the run is not in it.
    after : Saved
        What it holds afterwards.
    state : EngineState
    first_event : int
    events : list of dict
        The last saved event, as it may have grown, and all later ones.
    tensors : dict of str to array
        The weights that these events load, by their digests; read-only.
    first_row : int
    columns : dict of str to array
        Views of the history from the last chunk on. Recorded rows never change.
    scores : dict of str to array
        Views of the losses of all steps, for the summary.
    loss_since : int
        The step since which the loss function has been in force.
    checkpoints : list of EngineState or None
        All checkpoints; None keeps those in the file.
    health : list of StepHealth
        All measured moments. Those that the file lacks are added.
    """

    before: Saved | None
    after: Saved
    state: EngineState
    first_event: int
    events: list[dict[str, Any]]
    tensors: LoadedWeights
    first_row: int
    columns: dict[str, NDArray]
    scores: dict[str, NDArray]
    loss_since: int
    checkpoints: list[EngineState] | None
    health: list[StepHealth]

    @classmethod
    def take(cls, engine: Engine, before: Saved | None, complete: bool = True) -> RunDelta | None:
        """Return the changes since `before`; None if the engine is within a step."""
        state = engine.state()
        # In the middle of a block, the optimizers have counted more steps than the engine. Only a
        # thread that steps the engine without the command queue can be there now.
        if state.step != sum(state.rules.values()):
            return None
        goes_on = before is not None and engine.events is before.log
        after = Saved.of(engine, 0, 0)
        if before is not None:
            after = replace(
                after, generation=before.generation + (not goes_on), saves=before.saves + 1
            )
        first_event = max(before.events - 1, 0) if goes_on else 0
        new = engine.events[first_event:]
        first_row = chunk_start(before.rows) if goes_on else 0
        kept = engine.checkpoints
        return cls(
            before=before,
            after=replace(after, complete=complete),
            state=state,
            first_event=first_event,
            events=[to_json(event) for event in new],
            tensors={digest: engine.tensors[digest] for digest in digests_in(new)},
            first_row=first_row,
            columns={name: column[first_row:] for name, column in engine.history.items()},
            scores={name: engine.history[name] for name in ("loss", "validation_loss")},
            loss_since=loss_since(engine.events),
            checkpoints=list(kept.states) if complete and not kept.unread else None,
            health=list(engine.health.moments),
        )

    @property
    def has_events(self) -> bool:
        """Whether the run has changed since `before`; if not, only checkpoints are to be added."""
        before = self.before
        return before != replace(self.after, saves=before.saves, complete=before.complete)

    def write(self, db: sqlite3.Connection, run_id: str) -> None:
        """Write the delta into the run's rows.

        Raises
        ------
        Conflict
            If the rows are not as they were `before`.
        """
        before, after = self.before, self.after
        if before is not None:
            if not count_save(db, run_id, before.saves):
                raise Conflict(CHANGED_ELSEWHERE)
            if after.generation != before.generation:
                replace_past(db, run_id, after.generation)
        write_summary(db, run_id, self.summary)
        write_state(db, run_id, pack_state(self.state))
        write_events(db, run_id, self.first_event, self.events)
        write_loaded_weights(db, run_id, self.tensors)
        write_history(db, run_id, self.first_row, self.columns)
        write_health(db, run_id, self.health)
        if self.checkpoints is not None:
            write_checkpoints(db, run_id, self.checkpoints)

    @property
    def summary(self) -> RunSummary:
        """The run in numbers after the delta."""
        state, losses = self.state, losses_of(self.scores, self.loss_since)
        return RunSummary(state.step, state.epoch, state.settings, losses)


def _last_updates(log: list[Event]) -> int:
    last = log[-1] if log else None
    return last.updates if isinstance(last, Trained) else 0
