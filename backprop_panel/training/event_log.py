"""The log of a run: its events in order, how they are added and repeated, and what they tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..nn.faults import FAULTS
from ..settings import SettingError
from .events import Changed, Event, Trained, WeightSet, WeightsLoaded

if TYPE_CHECKING:
    from .engine import Engine


def log_steps(events: list[Event], step: int, size: int, updates: int) -> None:
    """Log steps after `step` updates; those of one batch size in a row are one event."""
    last = events[-1] if events else None
    if isinstance(last, Trained) and last.size == size:
        last.updates += updates
    else:
        events.append(Trained(step, size, updates))


def repeat_events(events: Sequence[Event], engine: Engine, until: int) -> None:
    """Repeat `events` in order up to the step `until`, and the changes right after that step.

    Raises
    ------
    SettingError
        If an event cannot be repeated: the stored log is damaged.
    """
    for event in events:
        if event.step > until:
            break
        try:
            event.do(engine, until)
        except SettingError as error:
            raise SettingError(
                error.setting,
                f"What was logged after step {event.step:,} cannot be repeated: {error} The log of "
                "this run is damaged, or another version of this program wrote it.",
            ) from error


def broken_at(events: Sequence[Event], first_step: int = 0) -> int | None:
    """Return the index of the first event that does not follow those before it, None if all do.

    Each event's step is the number of updates before it.

    Parameters
    ----------
    events : sequence of Event
    first_step : int
        The number of updates before the first of them.
    """
    step = first_step
    for index, event in enumerate(events):
        if event.step != step:
            return index
        step += event.updates if isinstance(event, Trained) else 0
    return None


def is_last_at(events: Sequence[Event], index: int, step: int) -> bool:
    """Tell whether an event can be the last one of the log as it stood after `step` updates."""
    if not 0 <= index < len(events):
        return False
    event = events[index]
    updates = event.updates if isinstance(event, Trained) else 0
    return event.step <= step <= event.step + updates and (not updates or event.step < step)


def edits_at(events: Sequence[Event], step: int) -> tuple[frozenset[tuple[int, int, int]], bool]:
    """Return what was done by hand to the weights after `step` updates.

    Returns
    -------
    set_by_hand : frozenset of (int, int, int)
        Layer, row and column of each weight or bias that was set, and not loaded afterwards.
    loaded : bool
        Whether all weights were loaded.
    """
    set_by_hand: set[tuple[int, int, int]] = set()
    for event in reversed(events):
        if event.step != step:
            break
        if isinstance(event, WeightsLoaded):
            return frozenset(set_by_hand), True
        if isinstance(event, WeightSet):
            set_by_hand.add((event.layer, event.row, event.column))
    return frozenset(set_by_hand), False


def loss_since(events: Sequence[Event]) -> int:
    """Return the step since which the present loss function and fault have been in force."""
    for event in reversed(events):
        if isinstance(event, Changed) and event.settings.keys() & {"loss_type", "fault"}:
            return event.step
    return 0


def loss_stretches(
    events: Sequence[Event], config: Mapping[str, Any], last: int
) -> list[tuple[int, int, str]]:
    """Return the steps before the first and at the end of each stretch, and its loss function.

    Steps whose loss a fault falsifies are in no stretch.

    Parameters
    ----------
    events : sequence of Event
    config : mapping
        The settings at the beginning.
    last : int
        The number of updates.
    """
    in_force = {name: config.get(name) for name in ("loss_type", "fault")}
    changes = [(0, _loss_of(in_force))]
    for event in events:
        if isinstance(event, Changed) and event.settings.keys() & in_force.keys():
            in_force |= {name: event.settings.get(name, old) for name, old in in_force.items()}
            changes.append((event.step, _loss_of(in_force)))
    ends = [*(step for step, _ in changes[1:]), last]
    return [
        (first, min(end, last), name)
        for (first, name), end in zip(changes, ends, strict=True)
        if name and first < min(end, last)
    ]


def _loss_of(settings: Mapping[str, Any]) -> str:
    """Return the loss function; empty if a fault falsifies its value."""
    fault = settings["fault"]
    return "" if fault in FAULTS and FAULTS[fault].of_loss else settings["loss_type"]


def digests_in(events: Iterable[Event]) -> list[str]:
    """Return the digests of all loaded tensors, each once, in the order of the log."""
    loads = (event.digest for event in events if isinstance(event, WeightsLoaded))
    return list(dict.fromkeys(loads))


def goes_on_from(engine: Engine, past: Engine) -> bool:
    """Tell whether an engine comes from an earlier moment: its log begins with that one's."""
    reached = [_until(event, past.step) for event in engine.events if event.step <= past.step]
    return past.step < engine.step and [each for each in reached if each] == past.events


def _until(event: Event, step: int) -> Event | None:
    """Return an event as it stood after `step` updates; None: it had not begun."""
    if not isinstance(event, Trained):
        return event
    updates = min(event.updates, step - event.step)
    return replace(event, updates=updates) if updates else None
