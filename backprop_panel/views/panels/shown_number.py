"""What a number of a record is, in words, and with what its explanation is shown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from ...analysis.record_cell import OF_PARAMETERS, RecordCell
from ...nn.record import Array, StepRecord
from ..plots.colors import Theme
from ..state.cell import cell_of
from ..state.map_source import MapSource
from .explanation_links import example_html

KINDS = {
    "pre_activations": "pre-activation",
    "activations": "activation",
    "activation_slopes": "slope of the activation",
    "logits": "logit",
    "probabilities": "probability",
    "loss": "loss",
    "deltas": "delta, ∂L/∂z",
    "activation_gradients": "gradient",
    "weight_gradients": "gradient",
    "bias_gradients": "gradient",
    "weight_updates": "update",
    "bias_updates": "update",
    "weights": "weight",
    "biases": "bias",
    "new_weights": "weight after the step",
    "new_biases": "bias after the step",
    "mean": "running mean",
    "mean_square": "running mean square",
    "velocity": "velocity",
}


@dataclass(frozen=True)
class Shown:
    """What an explanation is shown with.

    Attributes
    ----------
    source : MapSource
        For the tokens of examples and the names of units.
    record : StepRecord
    theme : Theme
    path : tuple of RecordCell
        The numbers that were followed.
    everything : bool
        Whether all terms are shown.
    all_uses : bool
        Whether all numbers are listed that it is used in.
    deltas_shown : bool
        Whether the map shows deltas.
    last_updates : sequence of array, shape (in + 1, out), optional
        What the step before added to each layer, for a record without an update.
    checked : str
        What the checks found of the number, as HTML.
    """

    source: MapSource
    record: StepRecord
    theme: Theme
    path: tuple[RecordCell, ...]
    everything: bool = False
    all_uses: bool = False
    deltas_shown: bool = False
    last_updates: Sequence[Array] | None = None
    checked: str = ""


def kind_of(cell: RecordCell, record: StepRecord) -> str:
    """Return what kind of number it is, in words."""
    if cell.quantity == "activations":
        return {0: "input", len(record.deltas): "logit"}.get(cell.layer, "activation")
    before = " before the step" if record.updated and cell.quantity in record.moments else ""
    return KINDS[cell.quantity] + before


def about_html(cell: RecordCell, shown: Shown) -> str:
    """Return what a number belongs to: the units that a weight joins, an example, an output."""
    source, record = shown.source, shown.record
    if cell.quantity == "loss":
        return _example(source, cell.index[0]) if cell.index else ""
    place = cell_of(cell, source.widths)
    if cell.quantity in OF_PARAMETERS:
        below, above = (RecordCell("activations", place.layer + k).symbol(record) for k in (0, 1))
        unit, of_unit = place.column, _in_brackets(source, place.layer + 1, place.column)
        if place.kind == "bias":
            return f"bias of unit {unit}{of_unit}: added to z{place.layer + 1}[·, {unit}]"
        of_row = _in_brackets(source, place.layer, place.row)
        return f"from {below}[·, {place.row}]{of_row} to {above}[·, {unit}]{of_unit}"
    if cell.quantity == "probabilities":
        labels = source.unit_labels(place.layer)
        which = f"“{labels[place.column]}”" if labels else f"output {place.column}"
        unit = f"probability of {which}"
    else:
        unit = source.unit_description(place.layer, place.column)
    return f"{escape(unit)}<br>{_example(source, place.row)}"


def with_tokens(sentence: str, shown: Shown) -> str:
    """Return a sentence as HTML in which outputs have their tokens: ``output 2 (c)``."""
    level = len(shown.source.widths) - 1
    above = RecordCell("activations", level).symbol(shown.record)

    def named(found: re.Match) -> str:
        """Return the words that were found, with the token of the unit."""
        return found[0] + _in_brackets(shown.source, level, int(found["unit"]))

    pattern = rf"\b(output|logit|unit(?= \d+ of {above})) (?P<unit>\d+)\b"
    return re.sub(pattern, named, escape(sentence))


def _in_brackets(source: MapSource, level: int, unit: int) -> str:
    """Return the label of a unit in brackets, as HTML; nothing if it has none."""
    labels = source.unit_labels(level)
    return f" ({escape(labels[unit])})" if labels else ""


def _example(source: MapSource, row: int) -> str:
    known = source.example_tokens(row) or source.example_label(row)
    return f"in example {row}" + (f": {example_html(source, row)}" if known else "")
