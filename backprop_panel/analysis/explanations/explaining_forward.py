"""Explanations of the forward pass: inputs, pre-activations, activations, outputs, losses."""

from __future__ import annotations

from dataclasses import replace
from math import log

import numpy as np

from ...nn.activations import ACTIVATIONS
from ...nn.record import StepRecord
from ..recomputation import value_and_slope
from ..record_cell import RecordCell
from . import latex
from .activation_formulas import FORMULAS
from .explanation import Explanation, Factor, Term, explained, numbers_of

POWER = "e^(ŷ − m)"
"""The name of what a softmax sums up."""


def explain_input(record: StepRecord, cell: RecordCell) -> Explanation:
    """Explain an entry of the one-hot inputs, which nothing stands behind."""
    b, unit = cell.index
    return explained(
        record,
        cell,
        sentence=f"An input of example {b}: 1 where its tokens have this one, else 0.",
        equation=rf"\text{{one-hot}}[{unit}]",
        numbers=latex.number(cell.value(record)),
        terms=[Term("input", (Factor("input", cell.value(record)),), example=b)],
        numpy=f"record.inputs[{b}, {unit}]",
    )


def explain_pre_activation(record: StepRecord, cell: RecordCell) -> Explanation:
    """Explain z = Σ a W + b; the last layer's are the logits."""
    layer = _layer_of_sum(record, cell)
    b, unit = cell.index
    inputs = numbers_of(record, "activations", layer)
    weights = numbers_of(record, "weights", layer)
    width = len(record.weights[layer])
    terms = [
        Term(f"unit {i}", (inputs(b, i), weights(i, unit)), b, (layer, i)) for i in range(width)
    ]
    terms.append(Term("bias", (numbers_of(record, "biases", layer)(unit),), b))
    a = latex.symbol(record, "activations", layer, b, "i")
    w = latex.symbol(record, "weights", layer, "i", unit)
    bias = latex.symbol(record, "biases", layer, unit)
    return explained(
        record,
        cell,
        sentence=(
            f"What reaches unit {unit} in example {b}: each unit before it, "
            "times the weight between the two, added up; and the bias."
        ),
        equation=rf"\sum_{{i=0}}^{{{width - 1}}} {a}\,{w} + {bias}",
        terms=terms,
        numpy=(
            f"record.activations[{layer}][{b}] @ record.weights[{layer}][:, {unit}] "
            f"+ record.biases[{layer}][{unit}]"
        ),
    )


def explain_activation(record: StepRecord, cell: RecordCell) -> Explanation:
    """Explain a = φ(z) of a hidden level."""
    layer, (b, unit) = cell.layer - 1, cell.index
    if (cell.layer, unit) in record.silenced:
        return _explain_silenced(record, cell, cell.layer)
    name = record.activation_names[layer]
    z = numbers_of(record, "pre_activations", layer, multiplies=False)(b, unit)
    formula = FORMULAS[name]
    factors, numbers, working = formula.parts(z.value)
    z = replace(z, meaning="z, what reaches the unit")
    if not any(factor.name == "z" for factor in factors):
        factors = (z, *factors)
    factors = tuple(replace(z, multiplies=True) if each.name == "z" else each for each in factors)
    symbol = latex.symbol(record, "pre_activations", layer, b, unit)
    line = f"record.pre_activations[{layer}][{b}, {unit}]"
    return explained(
        record,
        cell,
        sentence=(
            f"What unit {unit} gives in example {b}: φ of what reaches it, where φ is the "
            f"activation function {ACTIVATIONS[name].label}."
        ),
        equation=rf"\varphi({symbol}), \quad \varphi(z) = {formula.value}",
        numbers=numbers,
        terms=[Term(f"φ({z.name})", factors, b, (cell.layer, unit))],
        numpy=formula.value_line.format(z=line),
        working=working,
    )


def explain_slope(record: StepRecord, cell: RecordCell) -> Explanation:
    """Explain φ′(z)."""
    layer, (b, unit) = cell.layer, cell.index
    if (layer + 1, unit) in record.silenced:
        return _explain_silenced(record, cell, layer + 1)
    names = [*record.activation_names, "identity"]
    name = names[layer]
    z = numbers_of(record, "pre_activations", layer, multiplies=False)(b, unit)
    formula = FORMULAS[name]
    words = f"; {formula.words}" if formula.words else ""
    line, level = f"record.pre_activations[{layer}][{b}, {unit}]", layer + 1
    symbol = latex.symbol(record, "pre_activations", layer, b, unit)
    return explained(
        record,
        cell,
        sentence=(
            f"How much the activation of unit {unit} changes in example {b} "
            f"per change of what reaches it: the slope of φ, its activation function "
            f"{ACTIVATIONS[name].label}{words}."
        ),
        equation=rf"{formula.slope}, \quad z = {symbol}",
        numbers=rf"\varphi'({latex.number(z.value)})",
        terms=_slope_terms(record, cell, name, z),
        numpy=formula.slope_line.format(z=line, a=f"record.activations[{level}][{b}, {unit}]"),
    )


def _explain_silenced(record: StepRecord, cell: RecordCell, level: int) -> Explanation:
    """Explain the zero that a silenced unit has in place of its activation and its slope."""
    unit = cell.index[1]
    return explained(
        record,
        cell,
        sentence=f"Unit {unit} of a{level} gives 0, whatever reaches it.",
        equation="0",
        numbers="0",
        terms=[],
        numpy="0.0",
        note=f"Unit {unit} of a{level} is silenced: nothing passes through it, no gradient either.",
    )


def _slope_terms(record: StepRecord, cell: RecordCell, name: str, z: Factor) -> list[Term]:
    """Return φ′(z); those of tanh and GELU as the sums 1 − a² and h + z h′."""
    level, (b, unit) = cell.layer + 1, cell.index
    if name == "tanh":
        a = numbers_of(record, "activations", level)(b, unit)
        return [
            Term("1", (Factor("1", 1.0),), b, (level, unit)),
            Term("−a²", (a, a, Factor("−1", -1.0)), b, (level, unit)),
        ]
    _, slope = value_and_slope(name, z.value)
    if name == "gelu":  # its two parts cancel where it crosses zero
        (_, gate), _, _ = FORMULAS[name].parts(z.value)
        rest = Factor("z·h′", float(slope) - gate.value)
        return [
            Term(label, (z, factor), b, (level, unit))
            for label, factor in (("h", gate), ("z·h′", rest))
        ]
    return [Term(f"φ′({z.name})", (z, Factor("φ′", float(slope))), b, (level, unit))]


def explain_probability(record: StepRecord, cell: RecordCell) -> Explanation:
    """Explain p = softmax of the logits."""
    b, output = cell.index
    logits = record.logits[b].astype(float)
    largest = int(logits.argmax())
    at = numbers_of(record, "logits", multiplies=False)
    powers = _exponentials(logits)
    power, total = float(powers[output]), float(powers.sum())
    y, m = (latex.symbol(record, "logits", None, b, place) for place in (output, largest))
    other = latex.symbol(record, "logits", None, b, "c")
    return explained(
        record,
        cell,
        sentence=(
            f"The share of output {output} in example {b}: the softmax of its logit among all "
            "logits. The largest of them, m, is taken off each first: that changes nothing."
        ),
        equation=rf"\frac{{e^{{{y} - m}}}}{{\sum_c e^{{{other} - m}}}}, \quad m = {m}",
        numbers=rf"\frac{{{latex.number(power)}}}{{{latex.number(total)}}}",
        terms=[
            Term(
                f"output {output}",
                (at(b, output), Factor(POWER, power), Factor("1/Σ", 1 / total)),
                b,
                (len(record.activations) - 1, output),
            )
        ],
        numpy=f"(e := np.exp(record.logits[{b}] - record.logits[{b}].max()))[{output}] / e.sum()",
        working=(_largest_logit(at(b, largest)), _sum_of_powers(total)),
        summed=_powers(record, b, powers),
    )


def explain_loss(record: StepRecord, cell: RecordCell) -> Explanation:
    """Explain the loss of the batch, or of an example."""
    if not cell.index:
        return _mean_of_examples(record, cell)
    explain = _cross_entropy if record.settings["loss_type"] == "cross_entropy" else _squared_error
    return explain(record, cell)


def _mean_of_examples(record: StepRecord, cell: RecordCell) -> Explanation:
    batch = len(record.example_losses)
    loss, share = numbers_of(record, "loss"), Factor("1/B", 1 / batch)
    return explained(
        record,
        cell,
        sentence="The loss of the batch before the update: the mean of its examples' losses.",
        equation=rf"\frac{{1}}{{B}} \sum_{{b=0}}^{{{batch - 1}}} L[b]",
        terms=[Term(f"example {b}", (loss(b), share), b) for b in range(batch)],
        numpy="record.example_losses.mean()",
    )


def _cross_entropy(record: StepRecord, cell: RecordCell) -> Explanation:
    (b,) = cell.index
    target = int(record.targets[b])
    logits = record.logits[b].astype(float)
    largest = int(logits.argmax())
    powers = _exponentials(logits)
    total = float(powers.sum())
    loss = log(total) - float(logits[target] - logits[largest])
    at = numbers_of(record, "logits", multiplies=False)
    p = numbers_of(record, "probabilities", multiplies=False)(b, target)
    row = f"record.logits[{b}]"
    return explained(
        record,
        cell,
        sentence=(
            f"The loss of example {b}: minus the logarithm of the probability "
            f"of its target, output {target}."
        ),
        equation=rf"-\log {latex.symbol(record, 'probabilities', None, b, target)}",
        numbers=rf"-\log {latex.factor(p.value)}",
        terms=[Term("−log p", (p, at(b, target), Factor("−log p", loss)), b)],
        numpy=f"np.log(np.exp({row} - {row}.max()).sum()) - ({row}[{target}] - {row}.max())",
        working=(at(b, target), _largest_logit(at(b, largest)), _sum_of_powers(total), p),
        summed=_powers(record, b, powers),
    )


def _squared_error(record: StepRecord, cell: RecordCell) -> Explanation:
    (b,) = cell.index
    target, outputs = int(record.targets[b]), record.logits.shape[1]
    at, share = numbers_of(record, "logits", multiplies=False), Factor("1/C", 1 / outputs)
    terms = []
    for c in range(outputs):
        logit = at(b, c)
        distance = Factor(f"{logit.name} − {int(c == target)}", logit.value - (c == target))
        factors = (logit, distance, distance, share)
        terms.append(Term(f"output {c}", factors, b, (len(record.activations) - 1, c)))
    y = latex.symbol(record, "logits", None, b, "c")
    return explained(
        record,
        cell,
        sentence=(
            f"The loss of example {b}: the mean squared distance of its logits "
            f"from 1 for its target, output {target}, and from 0 for the others."
        ),
        equation=rf"\frac{{1}}{{C}} \sum_{{c=0}}^{{{outputs - 1}}} ({y} - y[{b},c])^2",
        terms=terms,
        numpy=f"((record.logits[{b}] - (np.arange({outputs}) == {target})) ** 2).mean()",
    )


def _largest_logit(logit: Factor) -> Factor:
    return replace(logit, meaning="m, the largest logit")


def _sum_of_powers(total: float) -> Factor:
    return Factor("Σ", total, meaning=f"sum of {POWER} over all outputs")


def _powers(record: StepRecord, b: int, powers: np.ndarray) -> list[Term]:
    """Return the terms of the sum in a softmax, each of which leads on to its logit."""
    logit, level = numbers_of(record, "logits", multiplies=False), len(record.activations) - 1
    return [
        Term(f"output {c}", (logit(b, c), Factor(POWER, float(power))), b, (level, c))
        for c, power in enumerate(powers)
    ]


def _layer_of_sum(record: StepRecord, cell: RecordCell) -> int:
    return cell.layer if cell.quantity == "pre_activations" else len(record.layers) - 1


def _exponentials(logits: np.ndarray) -> np.ndarray:
    return np.exp(logits - logits.max())
