"""The columns of the network map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...nn.record import Array, StepRecord
from .cell import Cell, Kind, gradients_of, is_parameter, symbol, values_of

WORDS: dict[Kind, str] = {
    "input": "inputs",
    "weight": "weights and biases",
    "activation": "activations",
    "logit": "outputs",
}


@dataclass(frozen=True)
class MapColumn:
    """One column of the map: the heatmap of a value above that of its gradient.

    Parameters
    ----------
    kind : str
        ``input``, ``weight``, ``activation`` or ``logit``; a column of weights has the bias as
        its last row.
    layer : int
        Its index in a record: of a layer for weights, of a level for the others.
    units : int
        Columns of its matrices.
    inputs : int, optional
        Rows of weights; None for a level, whose rows are the examples of a batch.
    """

    kind: Kind
    layer: int
    units: int
    inputs: int | None = None

    @property
    def index(self) -> int:
        """Its number among all columns of the network."""
        return 2 * self.layer + is_parameter(self.kind)

    @property
    def name(self) -> str:
        """``X``, ``W1``, ``a1``, …, ``ŷ``."""
        return symbol(self.kind, self.layer)

    @property
    def about(self) -> str:
        """What its values are, in words."""
        return WORDS[self.kind]

    @property
    def bias_name(self) -> str:
        """The name of the last row, where that is a bias; else empty."""
        return symbol("bias", self.layer) if self.has_bias else ""

    @property
    def has_labels(self) -> bool:
        """Whether its columns are named: by tokens or outputs."""
        return self.kind in ("input", "logit")

    @property
    def has_bias(self) -> bool:
        """Whether its last row is a bias."""
        return is_parameter(self.kind)

    def cell(self, row: int, column: int, is_gradient: bool = False) -> Cell:
        """Return a cell of its value or of its gradient."""
        kind = "bias" if row == self.inputs else self.kind
        return Cell(kind, self.layer, row, column, is_gradient)

    def values(self, record: StepRecord) -> Array:
        """Return the matrix of its values."""
        return values_of(record, self.kind, self.layer)

    def gradients(self, record: StepRecord, of_deltas: bool = False) -> Array:
        """Return the gradients of the loss with respect to its values, or the deltas of a level."""
        if self.has_deltas and of_deltas:
            return record.deltas[self.layer - 1]
        return gradients_of(record, self.kind, self.layer)

    @property
    def has_deltas(self) -> bool:
        """Whether its units have pre-activations."""
        return self.kind in ("activation", "logit")

    def gradient_name(self, of_deltas: bool = False) -> str:
        """``dX``, ``dW1``, ``da1``; ``δ1`` for the deltas."""
        return f"δ{self.layer}" if self.has_deltas and of_deltas else f"d{self.name}"


def map_columns(widths: Sequence[int]) -> list[MapColumn]:
    """Return the columns of a network's map in the order in which data flows.

    Levels and layers alternate: level k is at 2k, layer k at 2k + 1.

    Parameters
    ----------
    widths : sequence of int
        Units of each level, from the inputs to the logits.
    """
    depth = len(widths) - 1
    columns = [MapColumn("input", 0, widths[0])]
    for layer in range(depth):
        inputs, units = widths[layer], widths[layer + 1]
        columns.append(MapColumn("weight", layer, units, inputs))
        kind = "activation" if layer < depth - 1 else "logit"
        columns.append(MapColumn(kind, layer + 1, units))
    return columns


def index_of_column(cell: Cell) -> int:
    """Return which of the map's columns shows a cell."""
    return 2 * cell.layer + cell.is_parameter
