"""The numbers of a record that belong to the same parameter, unit or example."""

from __future__ import annotations

from ...nn.record import StepRecord
from ..record_cell import OF_LEVELS, OF_PARAMETERS, RecordCell


def related(record: StepRecord, cell: RecordCell) -> list[RecordCell]:
    """Return the numbers of the same parameter, unit or example, the cell among them.

    For a weight: its value, gradient, update and new value, and what the optimizer remembered of
    it. For a unit: z, a, φ'(z), dL/da and δ; for an output: logit, probability and δ.
    """
    if cell.quantity == "loss":
        return [RecordCell("loss"), *([cell] if cell.index else [])]
    if cell.quantity in OF_PARAMETERS:
        return _of_parameter(record, cell)
    return _of_unit(record, cell)


def _of_parameter(record: StepRecord, cell: RecordCell) -> list[RecordCell]:
    layer, index = cell.layer, cell.index
    bias_row = len(record.layers[layer]) - 1
    row, unit = index if len(index) == 2 else (bias_row, *index)
    is_bias = row == bias_row
    place = (unit,) if is_bias else (row, unit)
    names = ("biases", "bias_{}s") if is_bias else ("weights", "weight_{}s")
    quantities = [names[0], names[1].format("gradient")]
    if record.updated:
        quantities += [names[1].format("update"), f"new_{names[0]}"]
    cells = [RecordCell(quantity, layer, place) for quantity in quantities]
    return cells + [RecordCell(name, layer, (row, unit)) for name in record.moments]


def _of_unit(record: StepRecord, cell: RecordCell) -> list[RecordCell]:
    last, index = len(record.deltas), cell.index
    level = cell.layer if cell.quantity in OF_LEVELS else (cell.layer or 0) + 1
    if cell.layer is None:
        level = last
    if level == 0:
        return [RecordCell(quantity, 0, index) for quantity in OF_LEVELS]
    if level == last:
        cells = [RecordCell("logits", None, index), RecordCell("deltas", last - 1, index)]
        if record.settings.get("loss_type") == "cross_entropy":
            cells.insert(1, RecordCell("probabilities", None, index))
        return [*cells, RecordCell("loss", None, index[:1])]
    return [
        RecordCell("pre_activations", level - 1, index),
        RecordCell("activations", level, index),
        RecordCell("activation_slopes", level - 1, index),
        RecordCell("activation_gradients", level, index),
        RecordCell("deltas", level - 1, index),
    ]
