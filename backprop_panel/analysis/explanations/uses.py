"""Where a number of a record is used: the way forward, from each quantity to the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ...nn.record import StepRecord
from ..record_cell import MOMENTS, OF_OUTPUTS, RecordCell


@dataclass(frozen=True)
class Use:
    """Numbers of one array that a number is used in.

    Attributes
    ----------
    name : str
        Such as ``z2[·, 17]``; that of the number, where it is one alone.
    cells : tuple of RecordCell
    each : str
        What the dot in the name counts: ``example``, ``unit``, ``output``, ``input``; else empty.
    axis : int
        The dot's place in the index.
    """

    name: str
    cells: tuple[RecordCell, ...]
    each: str = ""
    axis: int = 0


def uses(record: StepRecord, cell: RecordCell) -> list[Use]:
    """Return what a number of a record is used in next; nothing if the record ends with it."""
    quantity, last = cell.quantity, len(record.deltas)
    if (quantity, cell.layer) in (("activations", last), ("pre_activations", last - 1)):
        quantity = "logits"
    elif (quantity, cell.layer) == ("activation_gradients", last):
        cell, quantity = RecordCell("deltas", last - 1, cell.index), "deltas"
    elif quantity in MOMENTS:
        cell, quantity = cell.parameter(record), "moments"
    following = FOLLOWING.get(quantity)
    return list(following(record, cell)) if following else []


def _of_parameter(record: StepRecord, cell: RecordCell) -> Iterator[Use]:
    unit = cell.index[-1]
    yield _over(record, _sums(record, cell.layer), (None, unit), "example")


def _of_activation(record: StepRecord, cell: RecordCell) -> Iterator[Use]:
    sums = _sums(record, cell.layer)
    each = "output" if sums.quantity in OF_OUTPUTS else "unit"
    yield _over(record, sums, (cell.index[0], None), each)


def _of_pre_activation(record: StepRecord, cell: RecordCell) -> Iterator[Use]:
    yield _one(record, "activations", cell.layer + 1, cell.index)
    yield _one(record, "activation_slopes", cell.layer, cell.index)


def _of_logit(record: StepRecord, cell: RecordCell) -> Iterator[Use]:
    b = cell.index[0]
    if record.settings.get("loss_type") == "cross_entropy":
        yield _over(record, RecordCell("probabilities"), (b, None), "output")
    else:
        yield _one(record, "deltas", len(record.deltas) - 1, cell.index)
    yield _one(record, "loss", None, (b,))


def _of_probability(record: StepRecord, cell: RecordCell) -> Iterator[Use]:
    b, output = cell.index
    if record.settings.get("loss_type") != "cross_entropy":
        return
    if output == record.targets[b]:
        yield _one(record, "loss", None, (b,))
    yield _one(record, "deltas", len(record.deltas) - 1, cell.index)


def _of_loss(record: StepRecord, cell: RecordCell) -> Iterator[Use]:
    if cell.index:
        yield _one(record, "loss", None, ())


def _of_delta(record: StepRecord, cell: RecordCell) -> Iterator[Use]:
    layer, (b, unit) = cell.layer, cell.index
    below = "unit" if layer else "input"
    yield _over(record, RecordCell("weight_gradients", layer), (None, unit), below)
    yield _one(record, "bias_gradients", layer, (unit,))
    yield _over(record, RecordCell("activation_gradients", layer), (b, None), below)


def _of_slope(record: StepRecord, cell: RecordCell) -> Iterator[Use]:
    if cell.layer < len(record.deltas) - 1:  # the last layer's delta is that of the loss itself
        yield _one(record, "deltas", cell.layer, cell.index)


def _of_activation_gradient(record: StepRecord, cell: RecordCell) -> Iterator[Use]:
    if cell.layer:
        yield _one(record, "deltas", cell.layer - 1, cell.index)


def _of_gradient(record: StepRecord, cell: RecordCell) -> Iterator[Use]:
    if record.updated:
        quantity = "bias_updates" if len(cell.index) == 1 else "weight_updates"
        yield _one(record, quantity, cell.layer, cell.index)


def _of_update(record: StepRecord, cell: RecordCell) -> Iterator[Use]:
    quantity = "new_biases" if len(cell.index) == 1 else "new_weights"
    yield _one(record, quantity, cell.layer, cell.index)


FOLLOWING: dict[str, Callable[[StepRecord, RecordCell], Iterator[Use]]] = {
    "weights": _of_parameter,
    "biases": _of_parameter,
    "activations": _of_activation,
    "pre_activations": _of_pre_activation,
    "logits": _of_logit,
    "probabilities": _of_probability,
    "loss": _of_loss,
    "deltas": _of_delta,
    "activation_slopes": _of_slope,
    "activation_gradients": _of_activation_gradient,
    "weight_gradients": _of_gradient,
    "bias_gradients": _of_gradient,
    "moments": _of_gradient,
    "weight_updates": _of_update,
    "bias_updates": _of_update,
}
"""What yields the uses of each quantity; those without one are used in the next step only."""


def _sums(record: StepRecord, layer: int) -> RecordCell:
    """Return the array of what reaches a layer's units."""
    if layer == len(record.deltas) - 1:
        return RecordCell("logits")
    return RecordCell("pre_activations", layer)


def _one(record: StepRecord, quantity: str, layer: int | None, index: tuple[int, ...]) -> Use:
    cell = RecordCell(quantity, layer, index)
    return Use(cell.name(record), (cell,))


def _over(
    record: StepRecord, array: RecordCell, index: tuple[int | None, int | None], each: str
) -> Use:
    """Return the numbers of a row or a column; None in the index counts over it."""
    free = index.index(None)
    count = array.values(record).shape[free]
    place = ", ".join("·" if at is None else str(at) for at in index)
    cells = tuple(
        RecordCell(array.quantity, array.layer, tuple(at if at is not None else n for at in index))
        for n in range(count)
    )
    return Use(array.symbol(record, f"[{place}]"), cells, each, free)
