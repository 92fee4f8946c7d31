"""Events: the kinds of changes made to an engine, each of which can be repeated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .engine import Engine


@dataclass
class Trained:
    """`updates` steps were made with batches of at most `size` examples."""

    step: int
    size: int
    updates: int

    def do(self, engine: Engine, until: int) -> None:
        """Make the steps that remain, up to the step `until`."""
        end = min(self.step + self.updates, until)
        while engine.step < end:
            engine.advance(self.size, end - engine.step)


@dataclass(frozen=True)
class Changed:
    """Training settings were changed after `step` updates."""

    step: int
    settings: dict[str, Any]

    def do(self, engine: Engine, until: int) -> None:
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

    def do(self, engine: Engine, until: int) -> None:
        """Set the weight again."""
        engine.edits.set_weight(self.layer, self.row, self.column, self.value)


@dataclass(frozen=True)
class WeightsLoaded:
    """All weights and biases were loaded after `step` updates, from the tensors of a digest."""

    step: int
    digest: str

    def do(self, engine: Engine, until: int) -> None:
        """Load the weights again."""
        engine.edits.load_again(self.digest)


@dataclass(frozen=True)
class LayerFrozen:
    """A layer was frozen or unfrozen after `step` updates."""

    step: int
    layer: int
    frozen: bool

    def do(self, engine: Engine, until: int) -> None:
        """Freeze or unfreeze the layer again."""
        engine.edits.freeze(self.layer, self.frozen)


@dataclass(frozen=True)
class PartFrozen:
    """A weight or bias, or those of a unit if `row` is None, were frozen or unfrozen."""

    step: int
    layer: int
    row: int | None
    column: int
    frozen: bool

    def do(self, engine: Engine, until: int) -> None:
        """Freeze or unfreeze the part again."""
        engine.edits.freeze(self.layer, self.frozen, self.row, self.column)


@dataclass(frozen=True)
class UnitSilenced:
    """A hidden unit was silenced after `step` updates, or no longer."""

    step: int
    level: int
    unit: int
    silenced: bool

    def do(self, engine: Engine, until: int) -> None:
        """Silence the unit again, or end that."""
        engine.edits.silence(self.level, self.unit, self.silenced)


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
