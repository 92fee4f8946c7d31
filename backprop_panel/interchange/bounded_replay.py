"""Replay of events from outside on a new run, within limits of time and memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..runs.run import TrainingRun
from ..settings import refuse_unknown, shown
from ..training.engine import Engine
from ..training.event_json import from_json
from ..training.events import Changed, Event, Trained, WeightsLoaded
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
"""Time of an update by the optimizer, or of loading weights, in examples of a batch."""


def event_from(entry: Any) -> Event:
    """Return the event of a JSON object.

    Raises
    ------
    SettingError
        If it is not an event. The engine checks that its layer or weight exists.
    """
    if not isinstance(entry, dict) or not isinstance(entry.get("kind"), str):
        raise InterchangeError("events", f"Not an event: {shown(entry)}.")
    event = from_json(entry)
    if isinstance(event, Changed) and isinstance(event.settings, dict):
        refuse_unknown(event.settings, SETTING_NAMES)
    return event


def replay(run: TrainingRun, events: Sequence[Event]) -> None:
    """Apply `events` to a new run.

    Raises
    ------
    InterchangeError
        If they would take too long (checked first), do not follow each other, or change a setting
        to an invalid value.
    """
    refuse_long(run, events)
    for _ in apply_in_order(run, events, _perform):
        pass


def apply_in_order(
    run: TrainingRun,
    events: Sequence[Event],
    perform: Callable[[Engine, Trained | WeightsLoaded], None],
) -> Iterator[int]:
    """Apply `events` to a new run, yielding after each the number applied so far.

    Parameters
    ----------
    run : TrainingRun
    events : sequence of Event
    perform : callable
        Applies an event that takes long: training, or loading of weights.

    Raises
    ------
    InterchangeError
        If there are too many events or a batch is too large, they do not follow each other, or
        change a setting to an invalid value.
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
                    # The engine's own `change` would accept a batch size that memory cannot hold.
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
    """Raise `InterchangeError` if there are too many `events`, or a batch is too large."""
    refuse_above("events", "Events in the log", len(events), MOST_EVENTS)
    sizes = [min(event.size, len(run.dataset)) for event in _trained(events)]
    numbers = max(sizes, default=0) * max(run.model.network.widths)
    refuse_above("events", "Activations of a layer, over a batch", numbers, MOST_NUMBERS)


def refuse_long(run: TrainingRun, events: Sequence[Event]) -> None:
    """Raise `InterchangeError` if replaying `events` would take longer than is allowed."""
    trained = _trained(events)
    updates = sum(event.updates for event in trained)
    refuse_above("events", "Updates in the log", updates, MOST_UPDATES)
    network, samples = run.model.network, len(run.dataset)
    layers = updates * network.depth
    refuse_above("events", "Updates times layers in the log", layers, MOST_LAYERS_PASSED)
    examples = sum(event.updates * min(event.size, samples) for event in trained)
    # Each epoch ends with the validation loss.
    examples += -(-examples // samples) * len(run.dataset.validation_windows)
    loads = sum(isinstance(event, WeightsLoaded) for event in events)
    examples += (updates + loads) * UPDATE_IN_EXAMPLES
    products = examples * network.size
    refuse_above("events", "Examples times parameters in the log", products, MOST_PRODUCTS)


def _trained(events: Sequence[Event]) -> list[Trained]:
    return [event for event in events if isinstance(event, Trained)]
