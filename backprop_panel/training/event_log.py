"""Events: the changes made to an engine, in a form that can be stored and repeated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from ..nn.faults import FAULTS
from ..settings import SettingError, did_you_mean, is_whole, shortened, shown


class Learner(Protocol):
    """The part of an `Engine` that events use."""

    step: int

    def advance(self, size: int, most: int = 1) -> int:
        """Make up to `most` steps and return how many."""

    def change(self, **settings: Any) -> None:
        """Change training settings."""

    def set_weight(self, layer: int, row: int, column: int, value: float) -> None:
        """Set one weight; the last row is the bias."""

    def load_again(self, digest: str) -> None:
        """Set all weights and biases from tensors that were loaded before."""

    def freeze(
        self, layer: int, frozen: bool, row: int | None = None, column: int | None = None
    ) -> None:
        """Freeze or unfreeze a layer, a unit's weights and bias, or one entry."""

    def silence(self, level: int, unit: int, silenced: bool) -> None:
        """Make the activation of a hidden unit zero, or no longer."""


@dataclass
class Trained:
    """`updates` steps were made with batches of at most `size` examples."""

    step: int
    size: int
    updates: int

    def do(self, engine: Learner, until: int) -> None:
        """Make the steps that remain, up to the step `until`."""
        end = min(self.step + self.updates, until)
        while engine.step < end:
            engine.advance(self.size, end - engine.step)


@dataclass(frozen=True)
class Changed:
    """Training settings were changed after `step` updates."""

    step: int
    settings: dict[str, Any]

    def do(self, engine: Learner, until: int) -> None:
        """Change the settings again."""
        engine.change(**self.settings)


@dataclass(frozen=True)
class WeightSet:
    """One weight was set after `step` updates; the last row is the bias."""

    step: int
    layer: int
    row: int
    column: int
    value: float

    def do(self, engine: Learner, until: int) -> None:
        """Set the weight again."""
        engine.set_weight(self.layer, self.row, self.column, self.value)


@dataclass(frozen=True)
class WeightsLoaded:
    """All weights and biases were loaded after `step` updates, from the tensors of a digest."""

    step: int
    digest: str

    def do(self, engine: Learner, until: int) -> None:
        """Load the weights again."""
        engine.load_again(self.digest)


@dataclass(frozen=True)
class LayerFrozen:
    """A layer was frozen or unfrozen after `step` updates."""

    step: int
    layer: int
    frozen: bool

    def do(self, engine: Learner, until: int) -> None:
        """Freeze or unfreeze the layer again."""
        engine.freeze(self.layer, self.frozen)


@dataclass(frozen=True)
class PartFrozen:
    """A weight or bias, or those of a unit if `row` is None, were frozen or unfrozen."""

    step: int
    layer: int
    row: int | None
    column: int
    frozen: bool

    def do(self, engine: Learner, until: int) -> None:
        """Freeze or unfreeze the part again."""
        engine.freeze(self.layer, self.frozen, self.row, self.column)


@dataclass(frozen=True)
class UnitSilenced:
    """A hidden unit was silenced after `step` updates, or no longer."""

    step: int
    level: int
    unit: int
    silenced: bool

    def do(self, engine: Learner, until: int) -> None:
        """Silence the unit again, or end that."""
        engine.silence(self.level, self.unit, self.silenced)


Event = Trained | Changed | WeightSet | WeightsLoaded | LayerFrozen | PartFrozen | UnitSilenced

KINDS: dict[str, type[Event]] = {
    "trained": Trained,
    "changed": Changed,
    "weight_set": WeightSet,
    "weights_loaded": WeightsLoaded,
    "layer_frozen": LayerFrozen,
    "part_frozen": PartFrozen,
    "unit_silenced": UnitSilenced,
}
_NAMES = {kind: name for name, kind in KINDS.items()}


def log_steps(events: list[Event], step: int, size: int, updates: int) -> None:
    """Log steps after `step` updates; those of one batch size in a row are one event."""
    last = events[-1] if events else None
    if isinstance(last, Trained) and last.size == size:
        last.updates += updates
    else:
        events.append(Trained(step, size, updates))


def repeat_events(events: Sequence[Event], engine: Learner, until: int) -> None:
    """Repeat `events` in order up to the step `until`, and the changes right after that step."""
    for event in events:
        if event.step > until:
            break
        event.do(engine, until)


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


def to_json(event: Event) -> dict[str, Any]:
    """Return an event as a dictionary for JSON."""
    return {"kind": _NAMES[type(event)], **asdict(event)}


def from_json(entry: dict[str, Any]) -> Event:
    """Return the event in a dictionary from JSON.

    Raises
    ------
    SettingError
        For an unknown kind, or fields that the kind does not have or that are of another type.
    """
    fields = dict(entry)
    name = fields.pop("kind", None)
    if name not in KINDS:
        hint = did_you_mean(str(name), KINDS)
        raise SettingError("events", f"There is no event of the kind {shown(name)}.{hint}")
    try:
        event = KINDS[name](**fields)
    except TypeError as error:
        raise SettingError(
            "events", f"An event {shown(name)} cannot be read: {shortened(error)}."
        ) from None
    if not is_whole(event.step) or not _has_sound_fields(event):
        raise SettingError("events", f"Not an event: {shown(entry)}.")
    return event


def _has_sound_fields(event: Event) -> bool:
    match event:
        case Trained():
            return all(is_whole(count) and count > 0 for count in (event.size, event.updates))
        case Changed():
            return isinstance(event.settings, dict)
        case WeightSet():
            whole = all(map(is_whole, (event.layer, event.row, event.column)))
            return whole and isinstance(event.value, float)
        case WeightsLoaded():
            return isinstance(event.digest, str)
        case LayerFrozen():
            return is_whole(event.layer) and isinstance(event.frozen, bool)
        case PartFrozen():
            whole = is_whole(event.layer) and is_whole(event.column)
            has_row = event.row is None or is_whole(event.row)
            return whole and has_row and isinstance(event.frozen, bool)
        case UnitSilenced():
            whole = is_whole(event.level) and is_whole(event.unit)
            return whole and isinstance(event.silenced, bool)
