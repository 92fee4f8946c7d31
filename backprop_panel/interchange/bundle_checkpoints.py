"""A long run taken in without training it again: its states along the way, and what it logged."""

from __future__ import annotations

import io
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..nn.optimizers import OPTIMIZERS, OptimizerState
from ..runs.run import TrainingRun
from ..settings import is_whole, shortened, shown
from ..training.checkpoints import Checkpoints, EngineState
from ..training.engine import Engine
from ..training.event_log import Event, Trained, WeightsLoaded
from ..training.history import COLUMNS, History
from ..training.weight_tensors import Tensors, read_tensors, tensor_bytes
from .bounded_replay import in_order
from .limits import InterchangeError

PLACES = "checkpoints.json"
CHECKPOINTS = "checkpoints.safetensors"

ROWS_AT_ONCE = 10_000
"""Of history: as other threads wait meanwhile."""


@dataclass(frozen=True)
class Place:
    """Where a state stands in its run.

    Attributes
    ----------
    step, epoch, position : int
    events : int
        How many had begun.
    rules : dict of str to int
        The steps that each optimizer has seen.
    """

    step: int
    epoch: int
    position: int
    events: int
    rules: dict[str, int]


def checkpoint_files(states: Sequence[EngineState]) -> dict[str, bytes]:
    """Return the files that hold states: where they stand, and their arrays as rows of tensors."""
    places = [
        Place(
            step=state.step,
            epoch=state.epoch,
            position=state.position,
            events=state.events,
            rules=state.rules,
        )
        for state in states
    ]
    arrays = [state.tensors() for state in states]
    names = sorted({name for each in arrays for name in each})
    stacked = {name: np.stack([each[name] for each in arrays if name in each]) for name in names}
    text = json.dumps([asdict(place) for place in places], indent=1)
    return {PLACES: text.encode(), CHECKPOINTS: tensor_bytes(stacked)}


def table_bytes(columns: Mapping[str, NDArray]) -> bytes:
    """Return a history as CSV, each number with the digits that its type tells apart."""
    text = io.StringIO()
    text.write(",".join(columns) + "\n")
    for first in range(0, len(columns["step"]), ROWS_AT_ONCE):
        part = [column[first : first + ROWS_AT_ONCE].astype(str) for column in columns.values()]
        text.writelines(",".join(row) + "\n" for row in zip(*part, strict=True))
    return text.getvalue().encode()


def resume(
    run: TrainingRun, events: Sequence[Event], places: bytes, tensors: bytes, table: bytes
) -> None:
    """Make of a fresh run what it was in its last state, with its states before and its history.

    What `events` say is done to it except training and the loading of weights, so that they are
    refused as in a replay.

    Parameters
    ----------
    run : TrainingRun
    events : sequence of Event
    places, tensors : bytes
        As `checkpoint_files` made them.
    table : bytes
        As `table_bytes` made it.

    Raises
    ------
    InterchangeError
        If they do not belong together.
    """
    engine = run.trainer.engine
    known = _read_places(places, run)
    rows = _rows_of(read_tensors(tensors), known, engine.network.size)
    within = defaultdict(list)
    for place in known:
        within[place.events].append(place)
    states = []
    for done in in_order(run, events, _skip):
        for place in within[done]:
            _refuse_elsewhere(place, events[done - 1])
            states.append(_state(place, rows, engine))
    ends_there = (known[-1].step, known[-1].events) == (engine.step, len(events))
    if engine.events != list(events) or len(states) < len(known) or not ends_there:
        raise InterchangeError("events", f"The events and {PLACES} do not belong together.")
    history = _read_table(table, states[-1])
    engine.restore(states[-1])
    engine.history.restore(history)
    engine.checkpoints = Checkpoints(states[:-1])


def _skip(engine: Engine, event: Trained | WeightsLoaded) -> None:
    """Log what takes long, and is not done."""
    engine.events.append(replace(event))
    if isinstance(event, Trained):
        engine.step += event.updates


def _read_places(data: bytes, run: TrainingRun) -> list[Place]:
    try:
        places = [Place(**entry) for entry in json.loads(data)]
    except (ValueError, TypeError, RecursionError) as error:
        raise InterchangeError("file", f"{PLACES} cannot be read: {shortened(error)}.") from error
    samples = run.dataset.num_samples
    step = 0
    for place in places:
        if not _is_sound(place, samples) or place.step <= step:
            raise InterchangeError("file", f"{PLACES} holds what is no place: {shown(place, 200)}.")
        step = place.step
    if not places:
        raise InterchangeError("file", f"{PLACES} is empty.")
    return places


def _is_sound(place: Place, samples: int) -> bool:
    whole = all(map(is_whole, (place.step, place.epoch, place.position, place.events)))
    return (
        whole
        and place.epoch >= 0
        and 0 <= place.position < samples
        and isinstance(place.rules, dict)
        and set(place.rules) <= set(OPTIMIZERS)
        and all(is_whole(steps) and steps >= 0 for steps in place.rules.values())
        and sum(place.rules.values()) == place.step
    )


def _rows_of(tensors: Tensors, places: Sequence[Place], size: int) -> Mapping[str, Iterator]:
    """Return the rows of each tensor, of which every state takes one if it has that array.

    Raises
    ------
    InterchangeError
        If they are not what states at these places have, of a network with `size` parameters.
    """
    expected = {"parameters": (len(places), size)}
    for rule, optimizer in OPTIMIZERS.items():
        if count := sum(rule in place.rules for place in places):
            expected |= {f"{rule}.{name}": (count, size) for name in optimizer.moment_names}
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    if shapes != expected:
        raise InterchangeError(
            "file",
            f"{CHECKPOINTS} holds {shown(shapes, 300)}; {expected} are expected by {PLACES}.",
        )
    return {name: iter(tensor) for name, tensor in tensors.items()}


def _state(place: Place, rows: Mapping[str, Iterator], engine: Engine) -> EngineState:
    """Return the state at a place, with the settings that are in force there."""
    parameters = next(rows["parameters"]).copy()
    optimizers = {
        rule: OptimizerState.resumed(
            {name: next(rows[f"{rule}.{name}"]).copy() for name in OPTIMIZERS[rule].moment_names},
            parameters,
            steps,
        )
        for rule, steps in place.rules.items()
    }
    return EngineState(
        step=place.step,
        epoch=place.epoch,
        position=place.position,
        events=place.events,
        settings=asdict(engine.settings),
        frozen=engine.frozen,
        parameters=parameters,
        optimizers=optimizers,
    )


def _refuse_elsewhere(place: Place, event: Event) -> None:
    """Raise unless a place is within, or right after, the last event that had begun."""
    first, end = event.step, event.step
    if isinstance(event, Trained):
        first, end = event.step + 1, event.step + event.updates
    if not first <= place.step <= end:
        raise InterchangeError(
            "file", f"{PLACES} has step {place.step} in an event of the steps {first} to {end}."
        )


def _read_table(data: bytes, last: EngineState) -> History:
    """Return the history up to a run's last state.

    Raises
    ------
    InterchangeError
        If it is none, or has not one row for each update.
    """
    header, _, rest = data.partition(b"\n")
    if header.decode("ascii", "replace") != ",".join(COLUMNS):
        raise InterchangeError("file", f"The history's columns must be {', '.join(COLUMNS)}.")
    if (rows := rest.count(b"\n")) != last.step:
        raise InterchangeError("file", f"The history has {rows} rows for {last.step} updates.")
    # What NumPy would pass over.
    if b"\n\n" in b"\n" + rest or b"\r" in rest:
        raise InterchangeError("file", "The history cannot be read: it has empty lines.")
    history = History()
    lines = io.TextIOWrapper(io.BytesIO(rest), "ascii", newline="\n")
    try:
        while history.rows < rows:
            history.append(_next_rows(lines, min(ROWS_AT_ONCE, rows - history.rows)))
    except ValueError as error:
        raise InterchangeError(
            "file", f"The history cannot be read: {shortened(error)}."
        ) from error
    steps, epochs = history["step"], history["epoch"]
    if not np.array_equal(steps, np.arange(1, rows + 1)):
        raise InterchangeError("file", "The history's rows do not count the updates.")
    if epochs[0] < 0 or (np.diff(epochs) < 0).any() or epochs[-1] > last.epoch:
        raise InterchangeError("file", "The history's epochs do not follow each other.")
    return history


def _next_rows(lines: io.TextIOBase, count: int) -> NDArray:
    dtype = list(COLUMNS.items())
    return np.loadtxt(lines, dtype, delimiter=",", comments=None, max_rows=count, ndmin=1)
