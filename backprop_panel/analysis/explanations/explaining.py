"""The question "where does this number come from?", asked of a record."""

from __future__ import annotations

from dataclasses import replace
from math import isclose, isfinite
from typing import Any

import numpy as np

from ...nn.faults import FAULTS
from ...nn.losses import LOSSES
from ...nn.optimizers import OPTIMIZERS
from ...nn.record import StepRecord
from ...settings import refuse_other
from ..checks.update_audit import follows
from ..record_cell import RecordCell, checked
from . import latex
from .explaining_backward import (
    explain_activation_gradient,
    explain_bias_gradient,
    explain_delta,
    explain_weight_gradient,
)
from .explaining_forward import (
    explain_activation,
    explain_input,
    explain_loss,
    explain_pre_activation,
    explain_probability,
    explain_slope,
)
from .explaining_update import (
    explain_moment,
    explain_new_weight,
    explain_update,
    explain_weight,
)
from .explanation import Explanation, unexplained

EXPLAINED = {
    "pre_activations": explain_pre_activation,
    "activation_slopes": explain_slope,
    "logits": explain_pre_activation,
    "probabilities": explain_probability,
    "loss": explain_loss,
    "deltas": explain_delta,
    "activation_gradients": explain_activation_gradient,
    "weight_gradients": explain_weight_gradient,
    "bias_gradients": explain_bias_gradient,
    "weight_updates": explain_update,
    "bias_updates": explain_update,
    "weights": explain_weight,
    "biases": explain_weight,
    "new_weights": explain_new_weight,
    "new_biases": explain_new_weight,
}
"""The function that explains each quantity but activations, which depend on the level."""

ROUNDING = 1e-3
"""Share of the terms by which a value may miss their sum without a closer look at the rounding."""


@np.errstate(all="ignore")  # of numbers that are not finite, or beyond float32
def explain(
    record: StepRecord,
    quantity: str | RecordCell,
    layer: int | None = None,
    index: Any = (),
) -> Explanation:
    """Return where a number of a record comes from.

    Parameters
    ----------
    record : StepRecord
    quantity : str or RecordCell
        One of ``analysis.QUANTITIES``, or a moment that the optimizer keeps. A cell, such as that
        of a factor, holds layer and index as well.
    layer : int, optional
        Its index in the record: of a level for activations and their gradients, of a layer for
        the others. The logits, probabilities and losses have none.
    index : tuple of int or int
        The place in the record's array; ``()`` for the loss of the batch.

    Raises
    ------
    SettingError
        If the record has no such number; the message names the valid ones.
    """
    if isinstance(quantity, RecordCell):
        quantity, layer, index = quantity.quantity, quantity.layer, quantity.index
    cell = checked(record, quantity, layer, index)
    if missing := _what_is_missing(record, cell):
        sentence = f"{cell.name(record)} as it is in the record."
        return unexplained(record, cell, sentence, f"This record does not say {missing}.")
    if cell.quantity == "activations":
        return _explain_level(record, cell)
    return _with_fault(record, EXPLAINED.get(cell.quantity, explain_moment)(record, cell))


def _with_fault(record: StepRecord, explanation: Explanation) -> Explanation:
    """Say so where the fault that a record was made with gave another number than its terms."""
    fault, terms = record.settings.get("fault"), [term.value for term in explanation.terms]
    if not isinstance(fault, str) or fault not in FAULTS or not terms:
        return explanation
    if isclose(sum(terms), explanation.value, rel_tol=0, abs_tol=ROUNDING * sum(map(abs, terms))):
        return explanation
    if all(follows(record, each) for each in _explained_with(record, explanation.cell)):
        return explanation
    note = (
        f"It is {explanation.value:.4g}, and the terms give {sum(terms):.4g}: the "
        f"step was made with a mistake of the fault lab. {FAULTS[fault].sentence}"
    )
    return replace(
        explanation,
        note=f"{explanation.note} {note}".strip(),
        numbers=_unequal(explanation.numbers, sum(terms), explanation.value),
    )


def _explained_with(record: StepRecord, cell: RecordCell) -> list[RecordCell]:
    """Return the numbers whose computation the explanation of a cell goes through, itself or not.

    A delta is explained from the deltas above it, and the logits' gradients as their deltas.
    """
    last = len(record.deltas) - 1
    match cell.quantity, cell.layer:
        case "logits", _:
            return [RecordCell("pre_activations", last, cell.index)]
        case "activation_gradients", level if level == last + 1:
            return [RecordCell("deltas", last, cell.index)]
        case "deltas", layer if layer < last:
            return [cell, RecordCell("activation_gradients", layer + 1, cell.index)]
        case _:
            return [cell]


def _unequal(numbers: str, expected: float, value: float) -> str:
    """Return an equation that ends with what follows, and with the other number that stands there.

    Where four digits do not tell them apart, eight do.
    """
    before, last, after = numbers.rpartition(latex.number(value))
    digits = 8 if latex.number(expected) == last else 4
    told = rf"{latex.number(expected, digits)} \neq {latex.number(value, digits)}"
    return f"{before}{told}{after}"


def origin_of_non_finite(record: StepRecord, cell: RecordCell) -> list[RecordCell]:
    """Return the way from a number that is not finite back to where that began.

    Each cell is the first operand of the one before it that is not finite. The last one has
    finite operands only, so it overflowed, or nothing in the record stands behind it.
    """
    refuse_other("record", record, StepRecord)
    refuse_other("cell", cell, RecordCell)
    way = [cell]
    while not isfinite(way[-1].value(record)):
        operand = explain(record, way[-1]).first_non_finite
        if operand is None or operand.cell in way:
            break
        way.append(operand.cell)
    return way


def _what_is_missing(record: StepRecord, cell: RecordCell) -> str:
    """Return what an explanation would need and a record from elsewhere may lack; else empty."""
    quantity, layer, last = cell.quantity, cell.layer, len(record.deltas) - 1
    is_last_delta = (quantity, layer) in (("deltas", last), ("activation_gradients", last + 1))
    of_loss = (quantity == "loss" and cell.index) or is_last_delta
    if of_loss and record.settings.get("loss_type") not in LOSSES:
        return "with which loss it was made"
    if quantity.endswith("_updates") and record.settings.get("optimizer") not in OPTIMIZERS:
        return "with which optimizer it was made"
    hidden = layer if quantity == "activation_slopes" else layer and layer - 1
    is_activation = quantity == "activations" and 0 < layer <= last
    is_slope = quantity == "activation_slopes" and layer < last
    if (is_activation or is_slope) and hidden >= len(record.activation_names):
        return "which activation function the layer has"
    return ""


def _explain_level(record: StepRecord, cell: RecordCell) -> Explanation:
    if cell.layer == 0:
        return explain_input(record, cell)
    if cell.layer == len(record.activations) - 1:
        return explain_pre_activation(record, cell)
    return explain_activation(record, cell)
