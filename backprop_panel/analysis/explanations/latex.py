"""LaTeX of numbers and of the names of a record's numbers."""

from __future__ import annotations

from math import isinf, isnan

from ...nn.record import StepRecord
from ..record_cell import MOMENTS, RecordCell

SYMBOLS = {
    "pre_activations": "z_{{{}}}",
    "activation_slopes": r"\varphi'(z_{{{}}}",
    "deltas": r"\delta_{{{}}}",
    "weights": "W_{{{}}}",
    "biases": "b_{{{}}}",
    "weight_updates": r"\Delta W_{{{}}}",
    "bias_updates": r"\Delta b_{{{}}}",
    "new_weights": r"W_{{{}}}^{{\text{{new}}}}",
    "new_biases": r"b_{{{}}}^{{\text{{new}}}}",
    "mean": "m",
    "mean_square": "v",
    "velocity": "v",
    "logits": r"\hat y",
    "probabilities": "p",
    "loss": "L",
}
DERIVATIVES = {
    "activation_gradients": "activations",
    "weight_gradients": "weights",
    "bias_gradients": "biases",
}


def latex_of(record: StepRecord, cell: RecordCell) -> str:
    """Return the symbol of a number, such as ``W_{2}[3,17]``."""
    if cell.quantity in MOMENTS:
        return rf"{SYMBOLS[cell.quantity]}_{{{latex_of(record, cell.parameter(record))}}}"
    return symbol(record, cell.quantity, cell.layer, *cell.index)


def symbol(record: StepRecord, quantity: str, layer: int | None, *index: int | str) -> str:
    r"""Return a symbol at an index, whose entries may be letters: ``\delta_{2}[b,17]``."""
    if quantity in DERIVATIVES:
        below = symbol(record, DERIVATIVES[quantity], layer, *index)
        return rf"\frac{{\partial L}}{{\partial {below}}}"
    place = f"[{','.join(map(str, index))}]" if index else ""
    if quantity == "activations":
        last = len(record.activations) - 1
        return {0: "X", last: r"\hat y"}.get(layer, f"a_{{{layer}}}") + place
    name = SYMBOLS[quantity].format("" if layer is None else layer + 1)
    return name + place + (")" if quantity == "activation_slopes" else "")


def number(value: float, digits: int = 4) -> str:
    r"""Return a number with `digits` significant digits: ``0.1471``, ``9.467 \times 10^{-5}``."""
    if isnan(value):
        return r"\text{NaN}"
    if isinf(value):
        return r"\infty" if value > 0 else r"-\infty"
    if float(short := f"{value:.{digits}g}") == value and "e" not in short:
        return short
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    if -4 <= int(exponent) < digits:
        return f"{value:.{digits - 1 - int(exponent)}f}"
    return rf"{mantissa} \times 10^{{{int(exponent)}}}"


def factor(value: float) -> str:
    """Return a number that follows another in a product: in parentheses if it is negative."""
    text = number(value)
    return rf"\left({text}\right)" if text.startswith("-") else text


def aligned(name: str, lines: list[str]) -> str:
    r"""Return ``name = first line``, with each further line below the first."""
    body = r" \\ ".join(f"&{line}" for line in lines)
    return rf"\begin{{aligned}} {name} ={{}}{body} \end{{aligned}}"
