"""Explanations of the backward pass: deltas, and the gradients of activations and parameters.

The first factor of each term leads towards the loss.
"""

from __future__ import annotations

import numpy as np

from ...nn.losses import NEGLIGIBLE
from ...nn.record import StepRecord
from ..record_cell import RecordCell
from . import latex
from .explanation import Explanation, Factor, Term, explained, numbers_of


def explain_weight_gradient(record: StepRecord, cell: RecordCell) -> Explanation:
    """Explain dL/dW = Σ over the batch of a δ."""
    layer, (row, unit) = cell.layer, cell.index
    batch = len(record.targets)
    deltas = numbers_of(record, "deltas", layer)
    inputs = numbers_of(record, "activations", layer)
    delta = latex.symbol(record, "deltas", layer, "b", unit)
    a = latex.symbol(record, "activations", layer, "b", row)
    weight = RecordCell("weights", layer, cell.index).name(record)
    return explained(
        record,
        cell,
        sentence=(
            f"How the loss changes as {weight} grows: what unit {row} of "
            f"{_level_name(record, layer)} sent in each example, times how the loss changes with "
            f"what reaches unit {unit} of {_level_name(record, layer + 1)}: that is its delta, "
            f"δ{layer + 1} = ∂L/∂z{layer + 1}. Added up over the batch."
        ),
        equation=rf"\sum_{{b=0}}^{{{batch - 1}}} {delta}\,{a}",
        terms=[
            Term(f"example {b}", (deltas(b, unit), inputs(b, row)), b, (layer, row))
            for b in range(batch)
        ],
        numpy=f"record.activations[{layer}][:, {row}] @ record.deltas[{layer}][:, {unit}]",
    )


def explain_bias_gradient(record: StepRecord, cell: RecordCell) -> Explanation:
    """Explain dL/db = Σ over the batch of δ."""
    layer, (unit,) = cell.layer, cell.index
    batch, deltas = len(record.targets), numbers_of(record, "deltas", layer)
    bias = RecordCell("biases", layer, cell.index).name(record)
    return explained(
        record,
        cell,
        sentence=(
            f"How the loss changes as {bias} grows, which is added to what reaches unit {unit} "
            f"of {_level_name(record, layer + 1)} in every example: the deltas of the batch, "
            "added up."
        ),
        equation=(
            rf"\sum_{{b=0}}^{{{batch - 1}}} {latex.symbol(record, 'deltas', layer, 'b', unit)}"
        ),
        terms=[Term(f"example {b}", (deltas(b, unit),), b) for b in range(batch)],
        numpy=f"record.deltas[{layer}][:, {unit}].sum()",
    )


def explain_delta(record: StepRecord, cell: RecordCell) -> Explanation:
    """Explain δ = dL/dz of any layer."""
    if cell.layer == len(record.deltas) - 1:
        return _explain_last_delta(record, cell)
    layer, (b, unit) = cell.layer, cell.index
    slope = numbers_of(record, "activation_slopes", layer)(b, unit)
    w, delta, j = _symbols_above(record, layer + 1, b, unit)
    phi = latex.symbol(record, "activation_slopes", layer, b, unit)
    return explained(
        record,
        cell,
        sentence=(
            f"How the loss changes with what reaches unit {unit} of "
            f"{_level_name(record, layer + 1)} in example {b}: the deltas of the units above, each "
            "times the weight that leads to it, added up; times the slope of this unit's "
            "activation."
        ),
        equation=rf"\Big(\sum_{{{j}}} {delta}\,{w}\Big)\,{phi}",
        terms=_terms_above(record, layer + 1, b, unit, slope),
        numpy=(
            f"record.weights[{layer + 1}][{unit}] @ record.deltas[{layer + 1}][{b}] "
            f"* record.activation_slopes[{layer}][{b}, {unit}]"
        ),
    )


def explain_activation_gradient(record: StepRecord, cell: RecordCell) -> Explanation:
    """Explain dL/da of any level; that of the last is its delta."""
    layer, (b, unit) = cell.layer, cell.index
    if layer == len(record.deltas):
        return _explain_last_delta(record, cell)
    w, delta, j = _symbols_above(record, layer, b, unit)
    return explained(
        record,
        cell,
        sentence=(
            f"How the loss changes with unit {unit} of {_level_name(record, layer)} in "
            f"example {b}: the deltas of the units above, each times the weight that leads to it, "
            "added up."
        ),
        equation=rf"\sum_{{{j}}} {delta}\,{w}",
        terms=_terms_above(record, layer, b, unit),
        numpy=f"record.weights[{layer}][{unit}] @ record.deltas[{layer}][{b}]",
    )


def _explain_last_delta(record: StepRecord, cell: RecordCell) -> Explanation:
    """Explain dL/d logit."""
    b, output = cell.index
    target = int(record.targets[b])
    entropy = record.settings["loss_type"] == "cross_entropy"
    parts = _entropy_parts if entropy else _squared_parts
    equation, numbers, sentence, terms, numpy, note = parts(record, b, output)
    batch, outputs = record.logits.shape
    shares = f"the {batch} examples" + ("" if entropy else f" and {outputs} outputs")
    wanted = "1, as it is the target" if output == target else "0, as it is not the target"
    return explained(
        record,
        cell,
        sentence=(
            f"How the loss changes with logit {output} of example {b}: {sentence} {wanted}; "
            f"divided by {shares}, as the loss is the mean over them."
        ),
        equation=equation,
        numbers=numbers,
        terms=terms,
        numpy=numpy,
        note=note,
    )


DeltaParts = tuple[str, str, str, list[Term], str, str]
"""Equation, the same with numbers, sentence, terms, line of NumPy and note of a last delta."""


def _entropy_parts(record: StepRecord, b: int, output: int) -> DeltaParts:
    batch, y = len(record.targets), float(record.targets[b] == output)
    p = numbers_of(record, "probabilities")(b, output)
    note = ""
    if _is_negligible(record, b, output) and p.value:
        note = (
            f"A probability below {NEGLIGIBLE:g} of the largest counts as 0 in the gradient: "
            "it is far below the rounding error of the others."
        )
        p = Factor("p counted as", 0.0)
    symbol = latex.symbol(record, "probabilities", None, b, output)
    return (
        rf"\frac{{{symbol} - y[{b},{output}]}}{{B}}, \quad B = {batch}",
        rf"\frac{{{latex.number(p.value)} - {int(y)}}}{{{batch}}}",
        "its probability minus",
        _two_terms(record, b, output, p, y, Factor("1/B", 1 / batch)),
        f"(record.probabilities[{b}, {output}] - {int(y)}) / {batch}",
        note,
    )


def _squared_parts(record: StepRecord, b: int, output: int) -> DeltaParts:
    y, count = float(record.targets[b] == output), record.logits.size
    batch, outputs = record.logits.shape
    logit = numbers_of(record, "logits")(b, output)
    symbol = latex.symbol(record, "logits", None, b, output)
    return (
        rf"\frac{{2}}{{B\,C}}\,({symbol} - y[{b},{output}]), \quad B = {batch}, \; C = {outputs}",
        rf"\frac{{2}}{{{batch} \cdot {outputs}}}\,({latex.number(logit.value)} - {int(y)})",
        "twice its distance from",
        _two_terms(record, b, output, logit, y, Factor("2/(B·C)", 2 / count)),
        f"2 / {count} * (record.logits[{b}, {output}] - {int(y)})",
        "",
    )


def _two_terms(
    record: StepRecord, b: int, output: int, given: Factor, wanted: float, share: Factor
) -> list[Term]:
    """Return the terms of (given − wanted) · share, which lead to the loss of the example."""
    loss = numbers_of(record, "loss", multiplies=False)(b)
    place = (len(record.activations) - 1, output)
    terms = [Term("output", (loss, given, share), b, place)]
    target = Factor(f"−y[{b}, {output}]", -wanted)
    return [*terms, Term("target", (loss, target, share), b, place)]


def _is_negligible(record: StepRecord, b: int, output: int) -> bool:
    logits = record.logits[b]
    return bool(np.exp(logits[output] - logits.max()) < NEGLIGIBLE)


def _symbols_above(record: StepRecord, layer: int, b: int, unit: int) -> tuple[str, str, str]:
    """Return the symbols of the weights of a unit, of the deltas above it, and of their index."""
    w = latex.symbol(record, "weights", layer, unit, "j")
    return w, latex.symbol(record, "deltas", layer, b, "j"), "j"


def _terms_above(record: StepRecord, layer: int, b: int, unit: int, *others: Factor) -> list[Term]:
    """Return δ[b, j] W[unit, j], times other factors, for each unit j that `layer` leads to."""
    deltas = numbers_of(record, "deltas", layer)
    weights = numbers_of(record, "weights", layer)
    return [
        Term(f"unit {j}", (deltas(b, j), weights(unit, j), *others), b, (layer + 1, j))
        for j in range(record.deltas[layer].shape[1])
    ]


def _level_name(record: StepRecord, level: int) -> str:
    return RecordCell("activations", level).symbol(record)
