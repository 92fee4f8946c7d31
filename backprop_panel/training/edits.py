"""Edits: what is done to a network by hand between two steps, each checked and logged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..nn.record import read_only_copy
from ..plain_values import plain
from ..settings import SettingError, shown
from .edit_checks import (
    refuse_missing_part,
    refuse_missing_unit,
    refuse_missing_weight,
    refuse_other_than_bool,
    refuse_weight_value,
)
from .events import LayerFrozen, PartFrozen, UnitSilenced, WeightSet, WeightsLoaded
from .pytorch_weights import digest_of
from .step_computation import StepComputation

if TYPE_CHECKING:
    from .engine import Engine


class Edits:
    """Sets and loads weights, freezes what shall not learn, and silences units.

    Parameters
    ----------
    engine : Engine
        Its log gets an event for each edit.
    computation : StepComputation
        That of the engine.
    """

    def __init__(self, engine: Engine, computation: StepComputation) -> None:
        self._engine, self._computation = engine, computation

    def set_weight(self, layer: int, row: int, column: int, value: float) -> None:
        """Set one weight of a layer, and log it; the last row is the bias.

        Raises
        ------
        SettingError
            If the weight does not exist, or the value is not finite in float32.
        """
        layer, row, column, value = plain((layer, row, column, value))
        refuse_missing_weight(self._engine.network, layer, row, column)
        refuse_weight_value(value)
        self._engine.network.layers[layer][row, column] = value
        self._engine.events.append(WeightSet(self._engine.step, layer, row, column, float(value)))

    def load_weights(self, parameters: NDArray[np.float32]) -> None:
        """Set all weights and biases from a vector like ``network.parameters``, and log it.

        The optimizer keeps its state. A frozen layer gets its new weights as well.

        Raises
        ------
        SettingError
            If the vector does not fit the network or holds a number that is not finite.
        """
        digest = digest_of(self._engine.network, parameters)
        self._engine.tensors.setdefault(digest, read_only_copy(parameters))
        self.load_again(digest)

    def load_again(self, digest: str) -> None:
        """Set all weights and biases from tensors that were loaded before, and log it.

        Raises
        ------
        SettingError
            If no tensors of this digest were loaded.
        """
        if not isinstance(digest, str) or digest not in self._engine.tensors:
            raise SettingError("weights", f"No weights of the digest {shown(digest)} were loaded.")
        self._engine.network.parameters[...] = self._engine.tensors[digest]
        self._engine.events.append(WeightsLoaded(self._engine.step, digest))

    def freeze(
        self, layer: int, frozen: bool, row: int | None = None, column: int | None = None
    ) -> None:
        """Freeze or unfreeze weights and biases, and log it.

        The optimizer still sees the gradients of what is frozen, so that its state is up to date
        when that learns again.

        Parameters
        ----------
        layer : int
        frozen : bool
        row, column : int, optional
            A single entry, the last row being the bias; the column alone for the weights and the
            bias of one unit; neither for the whole layer.

        Raises
        ------
        SettingError
            If there is no such layer or entry.
        """
        layer, row, column, frozen = plain((layer, row, column, frozen))
        refuse_other_than_bool("frozen", frozen)
        refuse_missing_part(self._engine.network, layer, row, column)
        if column is None:
            if frozen != (layer in self._computation.frozen):
                self._computation.frozen = self._computation.frozen ^ {layer}
                self._engine.events.append(LayerFrozen(self._engine.step, layer, frozen))
        elif frozen != ((part := (layer, row, column)) in self._computation.frozen_parts):
            self._computation.frozen_parts = self._computation.frozen_parts ^ {part}
            self._engine.events.append(PartFrozen(self._engine.step, *part, frozen))

    def silence(self, level: int, unit: int, silenced: bool) -> None:
        """Make the activation of a hidden unit zero whatever reaches it, or no longer; log it.

        No gradient passes through a silenced unit. The weights before it get none.

        Raises
        ------
        SettingError
            If there is no such hidden unit.
        """
        level, unit, silenced = plain((level, unit, silenced))
        refuse_other_than_bool("silenced", silenced)
        refuse_missing_unit(self._engine.network, level, unit)
        if silenced != ((level, unit) in self._computation.silenced):
            self._computation.silenced = self._computation.silenced ^ {(level, unit)}
            self._engine.events.append(UnitSilenced(self._engine.step, level, unit, silenced))
