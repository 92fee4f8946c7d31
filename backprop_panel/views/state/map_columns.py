"""The columns of the network map, and which cells of them belong together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from numpy.typing import NDArray

from ...nn.record import StepRecord
from ...runs.run import TrainingRun
from ..plots.heatmap import Place


@dataclass(frozen=True)
class Slot:
    """One column of the map: a value and its gradient.

    Parameters
    ----------
    name : str
        ``X``, ``W1``, ``a1``, …, ``ŷ``.
    kind : str
        ``weight`` or ``level``.
    index : int
        Its index in the record's layers or activations.
    columns : int
    """

    name: str
    kind: str
    index: int
    columns: int

    def value(self, record: StepRecord) -> NDArray:
        """Return the value's matrix."""
        return (record.layers if self.kind == "weight" else record.activations)[self.index]

    def gradient(self, record: StepRecord) -> NDArray:
        """Return the gradient of the loss with respect to it."""
        gradients = record.layer_gradients if self.kind == "weight" else record.activation_gradients
        return gradients[self.index]


def slots_of(run: TrainingRun) -> list[Slot]:
    """Return the map's columns for a run's network, as data flows."""
    widths = run.model.network.widths
    depth = len(widths) - 1
    slots = [Slot("X", "level", 0, widths[0])]
    for layer in range(depth):
        units = widths[layer + 1]
        slots.append(Slot(f"W{layer + 1}", "weight", layer, units))
        name = f"a{layer + 1}" if layer < depth - 1 else "ŷ"
        slots.append(Slot(name, "level", layer + 1, units))
    return slots


def touched(slots: Sequence[Slot], place: Place) -> dict[str, tuple[Sequence[int], Sequence[int]]]:
    """Return the rows and columns that belong to a cell, for each slot's name.

    A weight W[i, j] joins unit i of the level before it to unit j of the level after it; an
    activation is a unit in one example. A unit is a column of its level, a column of the weights
    before it and a row of the weights after it.
    """
    names = [slot.name for slot in slots]
    at = names.index(place.heatmap.removeprefix("d"))
    slot = slots[at]
    marks: dict[str, tuple[list[int], list[int]]] = {other.name: ([], []) for other in slots}
    units = {at: place.column} if slot.kind == "level" else {at + 1: place.column}
    if slot.kind == "weight" and place.row < slots[at - 1].columns:
        units[at - 1] = place.row
    for level, unit in units.items():
        marks[names[level]][1].append(unit)
        if level > 0:
            marks[names[level - 1]][1].append(unit)
        if level + 1 < len(slots):
            marks[names[level + 1]][0].append(unit)
    if slot.kind == "level":
        for other in slots:
            if other.kind == "level":
                marks[other.name][0].append(place.row)
    else:
        # Of the neighbours' matrices only those of the chosen weight itself are of interest.
        marks = {name: marks[name] for name in names[max(at - 1, 0) : at + 2]}
    return marks
