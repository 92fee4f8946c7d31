"""What is done to an engine, as events that can be stored and done again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from ..settings import SettingError, did_you_mean


class Learner(Protocol):
    """What events are done to: an `Engine`."""

    step: int

    def advance(self, size: int, most: int = 1) -> int:
        """Make up to `most` steps and return how many."""

    def change(self, **settings: Any) -> None:
        """Change training settings."""

    def set_weight(self, layer: int, row: int, column: int, value: float) -> None:
        """Set one weight, or a bias as the last row."""

    def load_again(self, digest: str) -> None:
        """Take all weights and biases from tensors that were loaded before."""

    def freeze(self, layer: int, frozen: bool) -> None:
        """Keep a layer as it is, or let it learn again."""


@dataclass
class Trained:
    """`updates` steps were made with batches of at most `size` examples."""

    step: int
    size: int
    updates: int

    def do(self, engine: Learner, until: int) -> None:
        """Make those of the steps that are left, up to the step `until`."""
        end = min(self.step + self.updates, until)
        while engine.step < end:
            engine.advance(self.size, end - engine.step)


@dataclass(frozen=True)
class Changed:
    """Training settings were changed after `step` updates."""

    step: int
    settings: dict[str, Any]

    def do(self, engine: Learner, until: int) -> None:
        """Change them again."""
        engine.change(**self.settings)


@dataclass(frozen=True)
class WeightSet:
    """One weight, or with the last row a bias, was given another value."""

    step: int
    layer: int
    row: int
    column: int
    value: float

    def do(self, engine: Learner, until: int) -> None:
        """Set it again."""
        engine.set_weight(self.layer, self.row, self.column, self.value)


@dataclass(frozen=True)
class WeightsLoaded:
    """All weights and biases were taken from elsewhere: from the tensors with this digest."""

    step: int
    digest: str

    def do(self, engine: Learner, until: int) -> None:
        """Take them again."""
        engine.load_again(self.digest)


@dataclass(frozen=True)
class LayerFrozen:
    """A layer was frozen, or let go."""

    step: int
    layer: int
    frozen: bool

    def do(self, engine: Learner, until: int) -> None:
        """Freeze it, or let it go."""
        engine.freeze(self.layer, self.frozen)


Event = Trained | Changed | WeightSet | WeightsLoaded | LayerFrozen

KINDS: dict[str, type[Event]] = {
    "trained": Trained,
    "changed": Changed,
    "weight_set": WeightSet,
    "weights_loaded": WeightsLoaded,
    "layer_frozen": LayerFrozen,
}
_NAMES = {kind: name for name, kind in KINDS.items()}


def do_again(events: Sequence[Event], engine: Learner, until: int) -> None:
    """Do `events` in order, up to the step `until`, what was done right after it included."""
    for event in events:
        if event.step > until:
            break
        event.do(engine, until)


def digests_in(events: Iterable[Event]) -> list[str]:
    """Return the digests of all tensors that were loaded, each once, in the order of the log."""
    loads = (event.digest for event in events if isinstance(event, WeightsLoaded))
    return list(dict.fromkeys(loads))


def to_json(event: Event) -> dict[str, Any]:
    """Return an event as a dictionary that JSON can hold."""
    return {"kind": _NAMES[type(event)], **asdict(event)}


def from_json(entry: dict[str, Any]) -> Event:
    """Return the event that a dictionary stands for.

    Raises
    ------
    SettingError
        For an unknown kind, or other fields than that kind's.
    """
    fields = dict(entry)
    name = fields.pop("kind", None)
    if name not in KINDS:
        hint = did_you_mean(str(name), KINDS)
        raise SettingError("events", f"There is no event of the kind {name!r}.{hint}")
    try:
        return KINDS[name](**fields)
    except TypeError as error:
        raise SettingError("events", f"An event {name!r} cannot be read: {error}.") from None
