"""A cell of the network map, and where its number is in a record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ...analysis.record_cell import OF_LEVELS, OF_PARAMETERS, RecordCell
from ...nn.record import Array, StepRecord

Kind = Literal["input", "weight", "bias", "activation", "logit"]

SYMBOLS: dict[Kind, str] = {
    "input": "X",
    "weight": "W{}",
    "bias": "b{}",
    "activation": "a{}",
    "logit": "ŷ",
}


def symbol(kind: Kind, layer: int) -> str:
    """Return the name of a matrix on the map: ``W2`` for the weights of layer 1."""
    return SYMBOLS[kind].format(layer + is_parameter(kind))


def is_parameter(kind: Kind) -> bool:
    """Return whether cells of a kind are trained."""
    return kind in ("weight", "bias")


def values_of(record: StepRecord, kind: Kind, layer: int) -> Array:
    """Return the matrix of values; for a layer, its weights with the bias as last row."""
    return (record.layers if is_parameter(kind) else record.activations)[layer]


def gradients_of(record: StepRecord, kind: Kind, layer: int) -> Array:
    """Return the gradients of the loss with respect to those values."""
    return (record.layer_gradients if is_parameter(kind) else record.activation_gradients)[layer]


@dataclass(frozen=True)
class Cell:
    """One number of a network: a value, or the gradient of the loss with respect to it.

    Parameters
    ----------
    kind : str
        ``input``, ``weight``, ``bias``, ``activation`` or ``logit``.
    layer : int
        Its index in a record: of a layer for weights and biases, of a level for the others.
    row, column : int
        Its place in the record's matrix; the row of a bias is the one below the weights.
    is_gradient : bool
    """

    kind: Kind
    layer: int
    row: int
    column: int
    is_gradient: bool = False

    @property
    def name(self) -> str:
        """Its name on the map, such as ``dW2[3, 17]`` or ``b1[4]``."""
        index = f"[{self.column}]" if self.kind == "bias" else f"[{self.row}, {self.column}]"
        return ("d" if self.is_gradient else "") + symbol(self.kind, self.layer) + index

    @property
    def index(self) -> tuple[int, int]:
        """Row and column in the record's matrix."""
        return self.row, self.column

    @property
    def is_parameter(self) -> bool:
        """Whether it is a weight or a bias."""
        return is_parameter(self.kind)

    def number(self, of_deltas: bool = False) -> RecordCell:
        """Return the number of a record that it shows.

        Parameters
        ----------
        of_deltas : bool
            Whether the gradient of an activation is shown with respect to its pre-activation.
        """
        if self.is_gradient and of_deltas and self.kind in ("activation", "logit"):
            return RecordCell("deltas", self.layer - 1, self.index)
        quantities = {
            "weight": ("weights", "weight_gradients"),
            "bias": ("biases", "bias_gradients"),
        }
        value, gradient = quantities.get(self.kind, ("activations", "activation_gradients"))
        index = (self.column,) if self.kind == "bias" else self.index
        return RecordCell(gradient if self.is_gradient else value, self.layer, index)


def cell_of(number: RecordCell, widths: Sequence[int]) -> Cell | None:
    """Return the cell of the map that shows a number, or the one that is nearest to it.

    Parameters
    ----------
    number : RecordCell
    widths : sequence of int
        Units of each level.

    Returns
    -------
    Cell or None
        None for the losses, which belong to no single cell.
    """
    quantity, layer, index = number.quantity, number.layer, number.index
    if quantity == "loss":
        return None
    is_gradient = quantity.endswith("gradients") or quantity == "deltas"
    if quantity in OF_PARAMETERS:
        bias = widths[layer]
        row, column = index if len(index) == 2 else (bias, *index)
        return Cell("bias" if row == bias else "weight", layer, row, column, is_gradient)
    last = len(widths) - 1
    level = last if layer is None else layer if quantity in OF_LEVELS else layer + 1
    kind = {0: "input", last: "logit"}.get(level, "activation")
    return Cell(kind, level, *index, is_gradient)
