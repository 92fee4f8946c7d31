"""Events to and from JSON, and their replay on a fresh run, bounded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..runs.run import TrainingRun
from ..settings import refuse_unknown, shown
from ..training.engine import Engine
from ..training.event_log import (
    Changed,
    Event,
    Trained,
    WeightsLoaded,
    from_json,
)
from ..training.trainer import SETTING_NAMES
from .limits import (
    MOST_EVENTS,
    MOST_LAYERS_PASSED,
    MOST_NUMBERS,
    MOST_PRODUCTS,
    MOST_UPDATES,
    InterchangeError,
    refuse_above,
)

UPDATE_IN_EXAMPLES = 32
"""The optimizer goes over all parameters, which takes as long as about so many examples do.

Weights that are loaded are copied as well.
"""


def event_from(entry: Any) -> Event:
    """Return the event that a JSON object is.

    Raises
    ------
    SettingError
        If it is none; whether its layer or weight exists, the engine says.
    """
    if not isinstance(entry, dict) or not isinstance(entry.get("kind"), str):
        raise InterchangeError("events", f"Not an event: {shown(entry)}.")
    event = from_json(entry)
    if isinstance(event, Changed) and isinstance(event.settings, dict):
        refuse_unknown(event.settings, SETTING_NAMES)
    return event


def replay(run: TrainingRun, events: Sequence[Event]) -> None:
    """Do to a fresh run what `events` say.

    Raises
    ------
    InterchangeError
        If they do not follow each other, change a setting to what it cannot be, or would take
        longer than is allowed; this last before the first of them.
    """
    refuse_long(run, events)
    # Weights may run off to infinity, as they did when this was recorded.
    with np.errstate(all="ignore"):
        for _ in in_order(run, events, _perform):
            pass


def in_order(
    run: TrainingRun,
    events: Sequence[Event],
    perform: Callable[[Engine, Trained | WeightsLoaded], None],
) -> Iterator[int]:
    """Do what `events` say, and yield after each how many are done.

    Parameters
    ----------
    run : TrainingRun
        A fresh one.
    events : sequence of Event
    perform : callable
        What is done for those among them that go over all weights.

    Raises
    ------
    InterchangeError
        If they are more or larger than is allowed, do not follow each other, or change a setting
        to what it cannot be.
    """
    _refuse_large(run, events)
    engine, mode = run.trainer.engine, run.trainer.mode
    run.trainer.mode = "train"
    for done, event in enumerate(events, 1):
        if event.step != engine.step:
            raise InterchangeError(
                "events",
                f"An event is of step {event.step}, but {engine.step} updates came before.",
            )
        try:
            match event:
                case Trained() | WeightsLoaded():
                    perform(engine, event)
                case Changed():
                    # Not the engine's `change`, which does not check the values.
                    run.trainer.change(**event.settings)
                case _:
                    event.do(engine, event.step)
        except (TypeError, ValueError) as error:
            raise InterchangeError(
                getattr(error, "setting", "events"), f"After {event.step} updates: {error}"
            ) from error
        yield done
    run.trainer.mode = mode


def _perform(engine: Engine, event: Trained | WeightsLoaded) -> None:
    event.do(engine, event.step + (event.updates if isinstance(event, Trained) else 0))


def _refuse_large(run: TrainingRun, events: Sequence[Event]) -> None:
    """Raise `InterchangeError` if `events` are too many, or need more memory than is allowed."""
    refuse_above("events", "Events in the log", len(events), MOST_EVENTS)
    sizes = [min(event.size, run.dataset.num_samples) for event in _trained(events)]
    numbers = max(sizes, default=0) * max(run.model.network.widths)
    refuse_above("events", "Activations of a layer, over a batch", numbers, MOST_NUMBERS)


def refuse_long(run: TrainingRun, events: Sequence[Event]) -> None:
    """Raise `InterchangeError` if replaying `events` would take longer than is allowed."""
    trained = _trained(events)
    updates = sum(event.updates for event in trained)
    refuse_above("events", "Updates in the log", updates, MOST_UPDATES)
    network, samples = run.model.network, run.dataset.num_samples
    layers = updates * network.depth
    refuse_above("events", "Updates times layers in the log", layers, MOST_LAYERS_PASSED)
    examples = sum(event.updates * min(event.size, samples) for event in trained)
    # Every epoch ends with a look at all validation windows.
    examples += -(-examples // samples) * len(run.dataset.validation_windows)
    loads = sum(isinstance(event, WeightsLoaded) for event in events)
    examples += (updates + loads) * UPDATE_IN_EXAMPLES
    products = examples * network.size
    refuse_above("events", "Examples times parameters in the log", products, MOST_PRODUCTS)


def _trained(events: Sequence[Event]) -> list[Trained]:
    return [event for event in events if isinstance(event, Trained)]
