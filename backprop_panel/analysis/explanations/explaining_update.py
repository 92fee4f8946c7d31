"""Explanations of updates, of the moments behind them, and of weights before and after."""

from __future__ import annotations

from math import isclose

import numpy as np

from ...nn.optimizers import OPTIMIZERS
from ...nn.record import StepRecord
from ...plain_values import LARGEST
from ..record_cell import RecordCell
from . import latex
from .explanation import Explanation, Factor, Term, explained, in_numpy
from .optimizer_formulas import EQUATIONS, RULES, Entry, UpdateParts
from .update_symbols import symbols_of_update

REMEMBERED = {
    "mean": "the running mean of its gradients",
    "mean_square": "the running mean of its squared gradients",
    "velocity": "the running sum of its gradients",
}
AVERAGED = {
    "rmsprop": "the gradient",
    "adam": "the average gradient",
    "adamw": "the average gradient",
}
"""What an update goes against, of optimizers that divide by the usual size of the gradient."""

FIRST_STEP = {
    "rmsprop": "in the first steps more than that, as the average v starts at 0",
    "adam": "in this first step exactly, as |m̂|/√v̂ = 1",
    "adamw": "in this first step exactly, as |m̂|/√v̂ = 1, before the decay",
}
"""What is special about the size of the first update."""

CLEARLY_ROUNDED = 0.1
"""Relative error of a rate or of the share that decay takes, from which a note says so."""


def explain_update(record: StepRecord, cell: RecordCell) -> Explanation:
    """Explain what the optimizer added to a weight or bias."""
    name = str(record.settings["optimizer"])
    rule = OPTIMIZERS[name]
    note = _why_zero(record, cell)
    missing = [each for each in rule.moment_names if each not in record.moments]
    if not note and missing:
        note = (
            f"This record does not hold what {rule.label} remembered before the step "
            f"({', '.join(missing)}), so the parts of the update are not known."
        )
    if note:
        return explained(
            record,
            cell,
            sentence=_sentence(record, cell),
            equation=EQUATIONS[name],
            numbers=latex.number(cell.value(record)),
            terms=_lone(cell.value(record)) if missing else [],
            numpy=_line_of(cell, "updates"),
            note=note,
        )
    entry = _entry(record, cell)
    parts = RULES[name](entry)
    terms = _terms(entry, parts)
    return explained(
        record,
        cell,
        sentence=(
            _sentence(record, cell)
            + _size_in_words(name, entry)
            + _against(terms[0], cell.value(record), rule.label)
        ),
        equation=EQUATIONS[name],
        terms=terms,
        numpy=_numpy(record, cell, entry, parts),
        working=symbols_of_update(name, entry, parts),
        note=" ".join(filter(None, (_rounded_rate(entry), _rounded_decay(entry)))),
    )


def explain_weight(record: StepRecord, cell: RecordCell) -> Explanation:
    """Explain a weight or bias as it was before the update."""
    layer, index = cell.layer, _place_in_layer(record, cell)
    name = cell.name(record)
    if (layer, *index) in record.set_by_hand:
        note = f"{name} was set by hand before this step."
    elif record.loaded:
        note = "All weights were loaded before this step."
    else:
        note = _why_frozen(record, cell)
    value = cell.value(record)
    return explained(
        record,
        cell,
        sentence=f"{name} as it was before step {record.step}, and used in it."
        if record.updated
        else f"{name} as it is now.",
        equation=rf"\text{{its value after step {record.step - record.updated}}}",
        numbers=latex.number(value),
        terms=_lone(value),
        numpy=_line_of(cell, ""),
        note=note,
    )


def explain_new_weight(record: StepRecord, cell: RecordCell) -> Explanation:
    """Explain a weight or bias after the step: before + update."""
    before, update = _sibling(cell, "before"), _sibling(cell, "update")
    b, u = (Factor(each.name(record), each.value(record), each) for each in (before, update))
    return explained(
        record,
        cell,
        sentence=f"{before.name(record)} after step {record.step}: what it was, plus its update.",
        equation=f"{latex.latex_of(record, before)} + {latex.latex_of(record, update)}",
        terms=[Term("update", (u,)), Term("before", (b,))],
        numpy=f"{_line_of(before, '')} + {_line_of(update, 'updates')}",
        note=_why_zero(record, update),
    )


def explain_moment(record: StepRecord, cell: RecordCell) -> Explanation:
    """Explain what the optimizer remembered of a weight or bias before the step."""
    row, unit = cell.index
    value = cell.value(record)
    parameter = cell.parameter(record)
    return explained(
        record,
        cell,
        sentence=(
            f"What the optimizer remembered of {parameter.name(record)} before step "
            f"{record.step}: {REMEMBERED[cell.quantity]} in earlier steps."
        ),
        equation=rf"\text{{kept of its first {record.optimizer_steps} gradients}}",
        numbers=latex.number(value),
        terms=_lone(value),
        numpy=f"record.moments[{cell.quantity!r}][{cell.layer}][{row}, {unit}]",
    )


def _terms(entry: Entry, parts: UpdateParts) -> list[Term]:
    """Return the update multiplied out: a term for the gradient, the decay, and the moment."""
    common = (Factor("−η", -entry.rate), *parts.scale)
    terms = [Term("gradient", (entry.gradient, *parts.taken, *common))]
    if entry.decay_in_g:
        decay = Factor("λ", entry.decay)
        terms.append(Term("weight decay", (entry.before, decay, *parts.taken, *common)))
    if entry.share_taken:
        terms.append(Term("weight decay", (entry.before, Factor("−ηλ", -entry.share_taken))))
    if parts.kept:
        terms.append(Term("earlier steps", (*parts.kept, *common)))
    return terms


def _entry(record: StepRecord, cell: RecordCell) -> Entry:
    place = _place_in_layer(record, cell)

    def factor(of: RecordCell) -> Factor:
        """Return the factor that stands for a cell of the record."""
        return Factor(of.name(record), of.value(record), of)

    cells = {name: RecordCell(name, cell.layer, place) for name in record.moments}
    rate, decay = (float(record.settings[name]) for name in ("learning_rate", "weight_decay"))
    rule = OPTIMIZERS[str(record.settings["optimizer"])](rate, decay)
    return Entry(
        gradient=factor(_sibling(cell, "gradient")),
        before=factor(_sibling(cell, "before")),
        decay=rule.weight_decay,
        share_taken=float(rule.share_taken()) if rule.decoupled else None,
        moments={name: factor(of) for name, of in cells.items()},
        rate=rule.learning_rate,
        steps=record.optimizer_steps + 1,
    )


def _numpy(record: StepRecord, cell: RecordCell, entry: Entry, parts: UpdateParts) -> str:
    place = _place_in_layer(record, cell)
    g = _line_of(_sibling(cell, "gradient"), "gradients")
    before = _line_of(_sibling(cell, "before"), "")
    if entry.decay_in_g:
        g = f"({g} + {in_numpy(entry.decay)} * {before})"
    taken = f" - {in_numpy(entry.share_taken)} * {before}" if entry.share_taken else ""
    moments = {
        name: f"record.moments[{name!r}][{cell.layer}][{place[0]}, {place[1]}]"
        for name in record.moments
    }
    return parts.line.format(rate=entry.rate, g=g, **moments) + taken


def _sentence(record: StepRecord, cell: RecordCell) -> str:
    parameter = _sibling(cell, "before").name(record)
    rule = OPTIMIZERS[str(record.settings["optimizer"])].label
    if not record.updated:
        return f"What a step with this batch adds to {parameter}, by {rule}."
    return f"What step {record.step:,} added to {parameter}, by {rule}."


def _size_in_words(optimizer: str, entry: Entry) -> str:
    """Say what an update is whose gradient is divided by its usual size; else nothing."""
    if optimizer not in AVERAGED:
        return ""
    said = (
        f" It goes against {AVERAGED[optimizer]}, divided by the usual size of the gradient, so "
        "that its own size is about the learning rate"
    )
    if entry.steps > 1 or not entry.g:
        return f"{said}."
    return f"{said}; {FIRST_STEP[optimizer]}."


def _against(gradient: Term, update: float, rule: str) -> str:
    """Say so if an update goes the other way than the gradient of this step alone."""
    if gradient.value * update >= 0:
        return ""
    way = "lower" if gradient.value < 0 else "raise"
    return (
        f" The gradient of this step alone would {way} it: what {rule} remembers of earlier steps, "
        "and weight decay, outweigh that."
    )


def _rounded_rate(entry: Entry) -> str:
    """Say so if float32 holds clearly another learning rate, as it is so small; else nothing."""
    held = float(np.float32(entry.rate))
    if isclose(held, entry.rate, rel_tol=CLEARLY_ROUNDED):
        return ""
    return f"float32 rounds so small a number: the step takes {held:.3g} for η = {entry.rate:g}."


def _rounded_decay(entry: Entry) -> str:
    """Say so if decoupled decay takes clearly more or less than ηλ of a weight; else nothing."""
    share, exact = entry.share_taken, entry.rate * entry.decay
    if share is None or isclose(share, exact, rel_tol=CLEARLY_ROUNDED):
        return ""
    return (
        "θ is multiplied by 1 − ηλ, as in PyTorch, and float32 rounds that: the decay takes "
        f"{share:.3g} of θ in place of ηλ = {exact:.3g}."
    )


def _why_zero(record: StepRecord, cell: RecordCell) -> str:
    """Return why an update is zero whatever its gradient; empty if it is not so."""
    if not record.updated:
        return "This batch is only looked at, and no update was made with it yet."
    rule = OPTIMIZERS[str(record.settings["optimizer"])]
    g = _sibling(cell, "gradient").value(record)
    if not rule.decoupled:
        g += float(record.settings["weight_decay"]) * _sibling(cell, "before").value(record)
    if "mean_square" in rule.moment_names and g**2 > LARGEST:
        return (
            "The square of g is beyond float32, so that its running mean is infinite: divided by "
            "it, the update is 0."
        )
    return _why_frozen(record, cell)


def _why_frozen(record: StepRecord, cell: RecordCell) -> str:
    """Return what is frozen, so that a weight or bias stays as it is; empty if nothing is."""
    layer, (row, column) = cell.layer, _place_in_layer(record, cell)
    if layer in record.frozen:
        return f"Layer {layer + 1} is frozen: nothing is added to its weights and bias."
    if (layer, None, column) in record.frozen_parts:
        return f"Unit {column} of layer {layer + 1} is frozen: nothing is added to its weights."
    if record.is_frozen(layer, row, column):
        return f"{_sibling(cell, 'before').name(record)} is frozen: nothing is added to it."
    return ""


def _lone(value: float) -> list[Term]:
    """Return a number as the only term, where nothing in the record stands behind it."""
    return [Term("value", (Factor("value", value),))]


SIBLINGS = {"before": "{s}", "gradient": "{}_gradients", "update": "{}_updates", "new": "new_{s}"}


def _sibling(cell: RecordCell, which: str) -> RecordCell:
    """Return the cell of the same parameter in another quantity of `SIBLINGS`."""
    singular, plural = _names(cell)
    quantity = SIBLINGS[which].format(singular, s=plural)
    return RecordCell(quantity, cell.layer, cell.index)


def _names(cell: RecordCell) -> tuple[str, str]:
    return ("bias", "biases") if "bias" in cell.quantity else ("weight", "weights")


def _place_in_layer(record: StepRecord, cell: RecordCell) -> tuple[int, int]:
    """Return row and column in ``record.layers``, whose last row is the bias."""
    if len(cell.index) == 1:
        return len(record.layers[cell.layer]) - 1, cell.index[0]
    row, column = cell.index
    return row, column


def _line_of(cell: RecordCell, kind: str) -> str:
    """Return the NumPy that reads a parameter, or its ``gradients`` or ``updates``."""
    singular, plural = _names(cell)
    name = f"{singular}_{kind}" if kind else plural
    return f"record.{name}[{cell.layer}][{', '.join(map(str, cell.index))}]"
