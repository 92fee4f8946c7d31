"""What if: the loss of a record's batch as one number varies and all others stay."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..nn.record import StepRecord
from ..plain_values import is_whole, plain
from ..settings import SettingError, refuse_other, shown
from .loss_curve import (
    Array,
    LossCurve,
    Losses,
    checked_points,
    checked_values,
    curve_along,
    parts,
)
from .recomputation import (
    LayersBehind,
    UnitVaried,
    checked_index,
    loss_function,
    one_hot,
    rows_in_one_thread,
)
from .record_cell import RecordCell, checked

VISIBLE = 1e-3
"""The smallest visible change of the loss, as a share of it: one in the last of four digits."""

BEND = 3.0
"""Change of a pre-activation within which every activation and loss bends."""

SMALLEST_REACH = 0.3
"""Activations below this are taken to be as large, or the range of a weight grows too wide."""


def loss_along(
    record: StepRecord, cell: RecordCell, values: ArrayLike | None = None, points: int = 41
) -> LossCurve:
    """Return the loss of the batch along a weight, a bias or an entry of the inputs.

    Only the layers behind the number are computed, and for an input only its example.

    Parameters
    ----------
    record : StepRecord
    cell : RecordCell
        An entry of ``weights``, ``biases``, or ``activations`` of level 0.
    values : array-like, shape (n,), optional
        By default a range with the present value in its middle. For a weight or bias it reaches
        as far either way as twice the largest entry of its layer. If the loss would hardly
        change by then it reaches farther, but moves no example's pre-activation by more than 3,
        over which every activation bends. For an input it reaches 2 either way, or beyond zero
        if that is more.
    points : int
        Number of values in the default range; an odd number includes the present value.

    Raises
    ------
    SettingError
        For another kind of cell, a value that is not finite, or a number that is not finite now.
    """
    cell = _checked_varied(record, cell)
    is_input = cell.quantity == "activations"
    losses_at, slope, width = (_of_input if is_input else _of_parameter)(record, cell)
    now = cell.value(record)
    if values is None:
        values = now + width * np.linspace(-1, 1, checked_points(points))
    else:
        values = checked_values(values)
    return curve_along(values, now, slope, losses_at)


def _checked_varied(record: StepRecord, cell: RecordCell) -> RecordCell:
    """Return a cell along which the loss can be followed, or raise `SettingError`."""
    refuse_other("cell", cell, RecordCell)
    cell = checked(record, cell.quantity, cell.layer, cell.index)
    is_input = cell.quantity == "activations" and cell.layer == 0
    if not is_input and cell.quantity not in ("weights", "biases"):
        raise SettingError(
            "cell",
            "The loss can be followed along a weight, a bias or an input, not along "
            f"{cell.name(record)}.",
        )
    now = cell.value(record)
    if not np.isfinite(now):
        raise SettingError("cell", f"{cell.name(record)} is {now}: it has no range around it.")
    return cell


def _of_input(record: StepRecord, cell: RecordCell) -> tuple[Losses, float, float]:
    """Return the losses along an input, their slope now, and how far the range reaches."""
    slope = float(record.activation_gradients[0][cell.index])
    width = max(2.0, 1.5 * abs(cell.value(record)))
    return _losses_of_input(record, cell.index), slope, width


def _of_parameter(record: StepRecord, cell: RecordCell) -> tuple[Losses, float, float]:
    """Return the losses, the slope and the width of the range of a weight or a bias."""
    row, column = _row_and_column(record, cell)
    losses_at = _losses_of_parameter(record, cell.layer, row, column)
    slope = float(record.layer_gradients[cell.layer][row, column])
    return losses_at, slope, _width(record, cell.layer, row, slope)


def token_losses(
    record: StepRecord, example: int, position: int, vocabulary_size: int
) -> NDArray[np.float64]:
    """Return the loss of the batch for each token at one position of an example.

    Parameters
    ----------
    record : StepRecord
    example : int
        Its row in the batch.
    position : int
        The token's position in the context.
    vocabulary_size : int

    Returns
    -------
    losses : array, shape (vocabulary_size,)

    Raises
    ------
    SettingError
        If there is no such example or position, or inputs are not of such tokens.
    """
    refuse_other("record", record, StepRecord)
    batch, inputs = record.inputs.shape
    vocabulary_size = plain(vocabulary_size)
    if not is_whole(vocabulary_size) or vocabulary_size < 1 or inputs % vocabulary_size:
        raise SettingError(
            "vocabulary_size",
            f"An input of {inputs} numbers is not made of one-hot tokens of a vocabulary of "
            f"{shown(vocabulary_size)}.",
        )
    example = checked_index("example", example, batch)
    position = checked_index("position", position, inputs // vocabulary_size)
    block = slice(position * vocabulary_size, (position + 1) * vocabulary_size)
    tokens = record.weights[0][block].astype(np.float64)
    with np.errstate(all="ignore"):
        present = record.inputs[example, block] @ tokens
        return _losses_of_example(
            record, example, lambda part: tokens[part].T - present[:, np.newaxis], vocabulary_size
        )


def _losses_of_parameter(record: StepRecord, layer: int, row: int, column: int) -> Losses:
    """Return the losses along an entry of a layer: one pre-activation of each example moves."""
    varied, loss = UnitVaried(record, layer, column), loss_function(record)
    targets = one_hot(record.targets, record.logits.shape[1])
    z = record.pre_activations[layer][:, column].astype(np.float64)
    per_change = _inputs_of(record, layer, row)
    now = float(record.layers[layer][row, column])
    at_once = _at_once(record, layer + 1, len(z))

    def losses_at(values: Array) -> Array:
        """Return the losses of the batch with the parameter at each of the values, (size,)."""
        losses = np.empty(len(values))
        for part in parts(len(values), at_once):
            changes = values[part, np.newaxis] - now
            logits = varied.logits(z + changes * per_change)
            losses[part] = loss.examples(logits, targets).mean(axis=1)
        return losses

    return losses_at


def _losses_of_input(record: StepRecord, index: tuple[int, int]) -> Losses:
    example, entry = index
    now = float(record.inputs[index])
    per_change = record.weights[0][entry].astype(np.float64)[:, np.newaxis]

    def losses_at(values: Array) -> Array:
        """Return the losses of the batch with the input at each of the values, (size,)."""
        changes = values - now
        return _losses_of_example(
            record, example, lambda part: per_change * changes[part], len(values)
        )

    return losses_at


def _losses_of_example(
    record: StepRecord, example: int, changes: Callable[[slice], Array], count: int
) -> Array:
    """Return the losses of the batch as the first pre-activations of one example change.

    Parameters
    ----------
    record : StepRecord
    example : int
    changes : callable
        Returns the changes of a slice of the `count` cases, shape (units, cases).
    count : int
    """
    behind, loss = LayersBehind(record, 0), loss_function(record)
    target = one_hot(record.targets[[example]], record.logits.shape[1])
    z = record.pre_activations[0][example].astype(np.float64)[:, np.newaxis]
    others = np.delete(record.example_losses.astype(np.float64), example).sum()
    losses = np.empty(count)
    for part in parts(count, _at_once(record, 0, 1)):
        losses[part] = loss.examples(behind.logits((z + changes(part)).T), target)
    return (others + losses) / len(record.targets)


def _row_and_column(record: StepRecord, cell: RecordCell) -> tuple[int, int]:
    """Return the place of a weight or bias in its layer, whose last row is the bias."""
    if cell.quantity == "biases":
        return len(record.layers[cell.layer]) - 1, *cell.index
    return cell.index


def _inputs_of(record: StepRecord, layer: int, row: int) -> Array:
    """Return what a row of a layer is multiplied by in each example: 1 for the bias."""
    if row == len(record.layers[layer]) - 1:
        return np.ones(len(record.targets))
    return record.activations[layer][:, row].astype(np.float64)


def _width(record: StepRecord, layer: int, row: int, slope: float) -> float:
    """Return how far the range of a weight or bias reaches: so that its surroundings are seen."""
    entries = np.abs(record.layers[layer].astype(np.float64))
    largest = float(entries[np.isfinite(entries)].max(initial=0))
    bend = BEND / max(_reach(record, layer, row), SMALLEST_REACH)
    visible = VISIBLE * abs(float(record.loss) / slope) if slope else np.inf
    return max(2 * largest, min(visible, bend) if np.isfinite(visible) else bend) or bend


def _reach(record: StepRecord, layer: int, row: int) -> float:
    inputs = np.abs(_inputs_of(record, layer, row))
    return float(inputs[np.isfinite(inputs)].max(initial=0))


def _at_once(record: StepRecord, layer: int, batch: int) -> int:
    """Return for how many cases the layers behind `layer` are computed at once."""
    return max(1, rows_in_one_thread(record.layers[layer + 1 :] or record.layers[-1:]) // batch)
