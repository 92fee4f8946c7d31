"""A number of a record: which quantity, of which layer, at which index."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..nn.record import StepRecord
from ..plain_values import is_whole, plain
from ..settings import SettingError, did_you_mean, refuse_other, shown

OF_LEVELS = ("activations", "activation_gradients")
"""Quantities whose layer counts levels: 0 for the inputs, the last for the logits."""

OF_UNITS = ("pre_activations", "activation_slopes", "deltas")
"""Quantities of the units that a layer leads to; it counts layers, from 0."""

_OF_PARAMETERS = (
    "weights",
    "biases",
    "weight_gradients",
    "bias_gradients",
    "weight_updates",
    "bias_updates",
    "new_weights",
    "new_biases",
)
MOMENTS = ("mean", "mean_square", "velocity")
"""What optimizers remember of each parameter."""

OF_PARAMETERS = (*_OF_PARAMETERS, *MOMENTS)
"""Quantities of a layer's weights or bias."""

OF_OUTPUTS = ("logits", "probabilities", "loss")
"""Quantities of the whole network, which have no layer."""

QUANTITIES = (*OF_LEVELS, *OF_UNITS, *_OF_PARAMETERS, *OF_OUTPUTS)
"""The quantities of every record; those that an optimizer remembers are quantities as well."""

SYMBOLS = {
    "pre_activations": "z{}{}",
    "activation_slopes": "φ′(z{}{})",
    "deltas": "δ{}{}",
    "weights": "W{}{}",
    "biases": "b{}{}",
    "weight_gradients": "dW{}{}",
    "bias_gradients": "db{}{}",
    "weight_updates": "ΔW{}{}",
    "bias_updates": "Δb{}{}",
    "new_weights": "new W{}{}",
    "new_biases": "new b{}{}",
    "mean": "m of {}",
    "mean_square": "v of {}",
    "velocity": "v of {}",
    "logits": "ŷ{}{}",
    "probabilities": "p{}{}",
    "loss": "L{}{}",
}
"""Names on the map, with the number of the layer and the place in it."""


@dataclass(frozen=True)
class RecordCell:
    """One number of a record.

    Parameters
    ----------
    quantity : str
        One of `QUANTITIES`, or a key of ``record.moments``.
    layer : int or None
        Its index in the record: of a level for the quantities in `OF_LEVELS`, of a layer for the
        others; None for those in `OF_OUTPUTS`.
    index : tuple of int
        Its place in the record's array. The loss of the batch has ``()``, that of an example
        ``(b,)``. An entry of a moment has the row and column of ``record.layers``, whose last row
        is the bias.
    """

    quantity: str
    layer: int | None = None
    index: tuple[int, ...] = ()

    def values(self, record: StepRecord) -> NDArray[np.floating]:
        """Return the record's array that holds the number; without dimensions for the loss."""
        return values_of(record, self.quantity, self.layer, self.index)

    def value(self, record: StepRecord) -> float:
        """Return the number."""
        return float(self.values(record)[self.index])

    def name(self, record: StepRecord) -> str:
        """Return its name on the map, such as ``dW2[3, 17]``, ``δ3[0, 1]`` or ``L[4]``."""
        index = self.parameter(record).index if self.quantity in MOMENTS else self.index
        return self.symbol(record, f"[{', '.join(map(str, index))}]" if index else "")

    def symbol(self, record: StepRecord, place: str = "") -> str:
        """Return the name of its array on the map, such as ``dW2`` or ``X``, with a place in it."""
        if self.quantity in OF_LEVELS:
            prefix = "d" if self.quantity == "activation_gradients" else ""
            last = len(record.activations) - 1
            return prefix + {0: "X", last: "ŷ"}.get(self.layer, f"a{self.layer}") + place
        if self.quantity in MOMENTS:  # with a number of its own, m2 would look like a square
            return SYMBOLS[self.quantity].format(self.parameter(record).symbol(record, place))
        number = "" if self.layer is None else self.layer + 1
        return SYMBOLS[self.quantity].format(number, place)

    def parameter(self, record: StepRecord) -> RecordCell:
        """Return the weight or bias that an entry of a moment belongs to."""
        if self.index and self.index[0] == len(record.layers[self.layer]) - 1:
            return RecordCell("biases", self.layer, self.index[1:])
        return RecordCell("weights", self.layer, self.index)


def checked(
    record: StepRecord, quantity: str, layer: int | None = None, index: object = ()
) -> RecordCell:
    """Return a cell that the record has.

    Raises
    ------
    SettingError
        If the record has no such quantity, layer or index; the message names the valid ones.
    """
    refuse_other("record", record, StepRecord)
    quantities = [*QUANTITIES, *record.moments]
    if not isinstance(quantity, str) or quantity not in quantities:
        if isinstance(quantity, str) and quantity in MOMENTS:
            raise SettingError(
                "quantity",
                f"This record has no {quantity}: its optimizer remembers "
                f"{' and '.join(record.moments) or 'nothing'}, or its file did not keep it.",
            )
        raise SettingError(
            "quantity",
            f"There is no quantity {shown(quantity)}.{did_you_mean(str(quantity), quantities)} "
            f"A record has {', '.join(quantities)}.",
        )
    layer, index = plain(layer), plain(index)
    index = tuple(index) if isinstance(index, (list, tuple)) else (index,)
    if quantity in OF_OUTPUTS:
        if layer is not None:
            raise SettingError("layer", f"{quantity} has no layer; got {shown(layer)}.")
    else:
        count = len(record.activations) - (quantity not in OF_LEVELS)
        if not is_whole(layer) or not 0 <= layer < count:
            raise SettingError(
                "layer", f"{quantity} has the layers 0 to {count - 1}; got {shown(layer)}."
            )
    shape = values_of(record, quantity, layer, index).shape
    if len(index) != len(shape) or not all(
        is_whole(place) and 0 <= place < length for place, length in zip(index, shape, strict=True)
    ):
        raise SettingError("index", _index_message(record, quantity, shape, index))
    return RecordCell(quantity, layer, index)


def values_of(
    record: StepRecord, quantity: str, layer: int | None, index: tuple[int, ...] = ()
) -> NDArray[np.floating]:
    """Return the array of a quantity; `index` tells the loss of the batch from an example's."""
    if quantity == "loss":
        return record.example_losses if index else np.asarray(record.loss)
    if quantity == "new_weights":
        return record.weights[layer] + record.weight_updates[layer]
    if quantity == "new_biases":
        return record.biases[layer] + record.bias_updates[layer]
    if quantity in record.moments:
        return record.moments[quantity][layer]
    values = getattr(record, quantity)
    return values if layer is None else values[layer]


def _index_message(
    record: StepRecord, quantity: str, shape: tuple[int, ...], index: tuple[int, ...]
) -> str:
    if quantity == "loss":
        return (
            f"The loss has the index () for the batch, or (b,) with b from 0 to "
            f"{len(record.example_losses) - 1} for an example; got {shown(index)}."
        )
    message = f"{quantity} of this layer has the shape {shape}; got the index {shown(index)}."
    if quantity not in OF_PARAMETERS and len(index) == 2:
        message += f" The batch has the examples 0 to {shape[0] - 1}."
    return message
