"""Checkpoints and history of a long run in a bundle, which make a replay unnecessary."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..nn.optimizers import OPTIMIZERS, OptimizerState
from ..plain_values import is_whole
from ..runs.run import TrainingRun
from ..settings import shortened, shown
from ..training.checkpoints import Checkpoints, EngineState
from ..training.engine import Engine
from ..training.events import Event, Trained, WeightsLoaded
from ..training.history import COLUMNS, History
from ..training.pytorch_weights import Tensors, read_tensors, tensor_bytes
from .bounded_replay import apply_in_order
from .limits import InterchangeError
from .tables import lines_of, rows_of

POSITIONS = "checkpoints.json"
CHECKPOINTS = "checkpoints.safetensors"
MEMORY = "fault_memory"


@dataclass(frozen=True)
class CheckpointPosition:
    """The position of a state in its run.

    Attributes
    ----------
    step, epoch, position : int
    events : int
        Number of events that had begun.
    rules : dict of str to int
        Number of steps of each optimizer.
    memory : int
        Numbers that the fault in force remembers.
    """

    step: int
    epoch: int
    position: int
    events: int
    rules: dict[str, int]
    memory: int = 0

    def entry(self) -> dict[str, object]:
        """Return it for JSON. `memory` is left out if it is 0: older versions do not know it."""
        entry = asdict(self)
        return entry if self.memory else {k: v for k, v in entry.items() if k != "memory"}


def checkpoint_files(states: Sequence[EngineState]) -> dict[str, bytes]:
    """Return the files of checkpoints: their positions, and their arrays as rows of tensors."""
    positions = [
        CheckpointPosition(
            step=state.step,
            epoch=state.epoch,
            position=state.position,
            events=state.events,
            rules=state.rules,
            memory=0 if state.fault_memory is None else state.fault_memory.size,
        )
        for state in states
    ]
    arrays = [state.tensors() for state in states]
    # Their lengths vary with the batch size.
    memories = [each.pop(MEMORY) for each in arrays if MEMORY in each]
    names = sorted({name for each in arrays for name in each})
    stacked = {name: np.stack([each[name] for each in arrays if name in each]) for name in names}
    if memories:
        stacked[MEMORY] = np.concatenate(memories)
    text = json.dumps([position.entry() for position in positions], indent=1)
    return {POSITIONS: text.encode(), CHECKPOINTS: tensor_bytes(stacked)}


def resume(
    run: TrainingRun, events: Sequence[Event], positions: bytes, tensors: bytes, table: bytes
) -> None:
    """Bring a new run to its last checkpoint, with the earlier checkpoints and the history.

    Events are applied, and refused, as in a replay, except that training and loading of weights
    are only logged.

    Parameters
    ----------
    run : TrainingRun
    events : sequence of Event
    positions, tensors : bytes
        The files of `checkpoint_files`.
    table : bytes
        The file of `table_bytes`.

    Raises
    ------
    InterchangeError
        If the arguments contradict each other.
    """
    engine = run.trainer.engine
    known = _read_positions(positions, run)
    rows = _rows_of(read_tensors(tensors), known, engine.network.size)
    within = defaultdict(list)
    for position in known:
        within[position.events].append(position)
    states = []
    for done in apply_in_order(run, events, _skip):
        for position in within[done]:
            _refuse_elsewhere(position, events[done - 1])
            states.append(_state(position, rows, engine))
    ends_there = (known[-1].step, known[-1].events) == (engine.step, len(events))
    if engine.events != list(events) or len(states) < len(known) or not ends_there:
        raise InterchangeError("events", f"The events and {POSITIONS} do not belong together.")
    history = _read_table(table, states[-1])
    engine.restore(states[-1])
    engine.history.restore(history)
    engine.checkpoints = Checkpoints(states[:-1])


def _skip(engine: Engine, event: Trained | WeightsLoaded) -> None:
    """Log a long event without performing it."""
    engine.events.append(replace(event))
    if isinstance(event, Trained):
        engine.step += event.updates


def _read_positions(data: bytes, run: TrainingRun) -> list[CheckpointPosition]:
    try:
        positions = [CheckpointPosition(**entry) for entry in json.loads(data)]
    except (ValueError, TypeError, RecursionError) as error:
        raise InterchangeError(
            "file", f"{POSITIONS} cannot be read: {shortened(error)}."
        ) from error
    samples = len(run.dataset)
    step = 0
    for position in positions:
        if not _is_sound(position, samples) or position.step <= step:
            raise InterchangeError(
                "file", f"{POSITIONS} holds an invalid entry: {shown(position, 200)}."
            )
        step = position.step
    if not positions:
        raise InterchangeError("file", f"{POSITIONS} is empty.")
    return positions


def _is_sound(position: CheckpointPosition, samples: int) -> bool:
    whole = all(map(is_whole, (position.step, position.epoch, position.position, position.events)))
    return (
        whole
        and position.epoch >= 0
        and 0 <= position.position < samples
        and is_whole(position.memory)
        and position.memory >= 0
        and isinstance(position.rules, dict)
        and set(position.rules) <= set(OPTIMIZERS)
        and all(is_whole(steps) and steps >= 0 for steps in position.rules.values())
        and sum(position.rules.values()) == position.step
    )


def _rows_of(
    tensors: Tensors, positions: Sequence[CheckpointPosition], size: int
) -> Mapping[str, Iterator]:
    """Return the rows of each tensor; each state takes the next row of its own arrays.

    The rows of `MEMORY` are as long as their positions say.

    Raises
    ------
    InterchangeError
        If names or shapes do not fit states at these positions, of a network of `size` parameters.
    """
    expected = {"parameters": (len(positions), size)}
    for rule, optimizer in OPTIMIZERS.items():
        if count := sum(rule in position.rules for position in positions):
            expected |= {f"{rule}.{name}": (count, size) for name in optimizer.moment_names}
    if remembered := sum(position.memory for position in positions):
        expected[MEMORY] = (remembered,)
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    if shapes != expected:
        raise InterchangeError(
            "file",
            f"{CHECKPOINTS} holds {shown(shapes, 300)}; {expected} are expected by {POSITIONS}.",
        )
    rows = {name: iter(tensor) for name, tensor in tensors.items()}
    if remembered:
        ends = np.cumsum([position.memory for position in positions if position.memory])
        rows[MEMORY] = iter(np.split(tensors[MEMORY], ends[:-1]))
    return rows


def _state(
    position: CheckpointPosition, rows: Mapping[str, Iterator], engine: Engine
) -> EngineState:
    """Return the state at a position, with the settings in force."""
    parameters = next(rows["parameters"]).copy()
    optimizers = {
        rule: OptimizerState.resumed(
            {name: next(rows[f"{rule}.{name}"]).copy() for name in OPTIMIZERS[rule].moment_names},
            parameters,
            steps,
        )
        for rule, steps in position.rules.items()
    }
    return EngineState(
        step=position.step,
        epoch=position.epoch,
        position=position.position,
        events=position.events,
        settings=asdict(engine.settings),
        frozen=engine.frozen,
        parameters=parameters,
        optimizers=optimizers,
        frozen_parts=engine.frozen_parts,
        silenced=engine.silenced,
        fault_memory=_memory(position, rows, engine),
    )


def _memory(
    position: CheckpointPosition, rows: Mapping[str, Iterator], engine: Engine
) -> NDArray[np.float32] | None:
    """Return what the fault in force remembers at a position.

    Raises
    ------
    InterchangeError
        If it is not as long as that fault's.
    """
    if not engine.can_remember(position.memory):
        raise InterchangeError(
            "file",
            f"{POSITIONS} says that {position.memory} numbers are remembered at step "
            f"{position.step}; the fault {engine.settings.fault!r} has another number.",
        )
    return next(rows[MEMORY]).copy() if position.memory else None


def _refuse_elsewhere(position: CheckpointPosition, event: Event) -> None:
    """Raise `InterchangeError` unless a position is within its last event."""
    first, end = event.step, event.step
    if isinstance(event, Trained):
        first, end = event.step + 1, event.step + event.updates
    if not first <= position.step <= end:
        raise InterchangeError(
            "file",
            f"{POSITIONS} has step {position.step} in an event of the steps {first} to {end}.",
        )


def _read_table(data: bytes, last: EngineState) -> History:
    """Return the history up to a run's last state.

    Raises
    ------
    InterchangeError
        If it is damaged, or does not have one row for each update.
    """
    lines = lines_of(data, COLUMNS, "history")
    if (rows := lines.count(b"\n")) != last.step:
        raise InterchangeError("file", f"The history has {rows} rows for {last.step} updates.")
    history = History()
    for part in rows_of(lines, COLUMNS, rows, "history"):
        history.extend_from(part)
    steps, epochs = history["step"], history["epoch"]
    if not np.array_equal(steps, np.arange(1, rows + 1)):
        raise InterchangeError("file", "The history's rows do not count the updates.")
    if epochs[0] < 0 or (np.diff(epochs) < 0).any() or epochs[-1] > last.epoch:
        raise InterchangeError("file", "The history's epochs do not follow each other.")
    return history
