"""The equations of the phases of a step, in LaTeX, each with the arrays that it relates."""

from __future__ import annotations

from dataclasses import dataclass

from ...nn.optimizers import OPTIMIZERS
from ...nn.record import StepRecord
from ..record_cell import RecordCell
from . import latex
from .activation_formulas import FORMULAS
from .optimizer_formulas import EQUATIONS


@dataclass(frozen=True)
class RecordArray:
    """An array of a record.

    Parameters
    ----------
    quantity : str
        One of `QUANTITIES`, or a key of ``record.moments``.
    layer : int or None
        Its index in the record, as that of a `RecordCell`.
    """

    quantity: str
    layer: int | None = None

    def name(self, record: StepRecord) -> str:
        """Return its name on the map, such as ``dW2``."""
        return RecordCell(self.quantity, self.layer).symbol(record)

    def latex(self, record: StepRecord) -> str:
        r"""Return its symbol, such as ``\delta_{2}``; derivatives are small fractions."""
        symbol = latex.symbol(record, self.quantity, self.layer)
        return symbol.replace(r"\frac", r"\tfrac")


@dataclass(frozen=True)
class Equation:
    """An equation of a phase.

    Parameters
    ----------
    latex : str
    results : tuple of RecordArray
        What it computes; empty for a definition, such as that of φ.
    operands : tuple of RecordArray
        What it computes them from.
    """

    latex: str
    results: tuple[RecordArray, ...] = ()
    operands: tuple[RecordArray, ...] = ()


Lines = list[list[Equation]]


def forward_equations(record: StepRecord, layer: int) -> Lines:
    """Return z = a W + b and a = φ(z); the last layer's z are the logits."""
    a, w, b = (RecordArray(name, layer) for name in ("activations", "weights", "biases"))
    z, result = RecordArray("pre_activations", layer), RecordArray("activations", layer + 1)
    total = f"{a.latex(record)}\\,{w.latex(record)} + {b.latex(record)}"
    is_last = layer == len(record.layers) - 1
    if is_last:
        return [[Equation(f"{result.latex(record)} = {total}", (result, z), (a, w, b))]]
    z_symbol = z.latex(record)
    lines = [
        [
            Equation(f"{z_symbol} = {total}", (z,), (a, w, b)),
            Equation(rf"{result.latex(record)} = \varphi({z_symbol})", (result,), (z,)),
        ]
    ]
    if layer < len(record.activation_names):
        formula = FORMULAS[record.activation_names[layer]]
        lines.append([Equation(rf"\varphi(z) = {_flat(formula.value)}")])
    return lines


def loss_equations(record: StepRecord) -> Lines:
    """Return the loss of each example and that of the batch, with the number of the latter."""
    logits, p, loss = _logits(record), RecordArray("probabilities"), RecordArray("loss")
    y, value = logits.latex(record), latex.number(float(record.loss))
    mean = rf"L = \tfrac{{1}}{{B}} \textstyle\sum_b L[b] = {value}"
    match record.settings.get("loss_type"):
        case "cross_entropy":
            softmax = rf"\tfrac{{e^{{{y}[b,c]}}}}{{\sum_k e^{{{y}[b,k]}}}}"
            return [
                [
                    Equation(rf"p[b,c] = {softmax}", (p,), (logits,)),
                    Equation(r"L[b] = -\log p[b,\text{target}]", (loss,), (p,)),
                ],
                [Equation(mean, (loss,), (loss,))],
            ]
        case "mse":
            squares = rf"\tfrac{{1}}{{C}} \textstyle\sum_c ({y}[b,c] - y[b,c])^2"
        case _:
            squares = rf"\ell({y}[b], \text{{target}})"
    return [
        [Equation(f"L[b] = {squares}", (loss,), (logits,)), Equation(mean, (loss,), (loss,))],
    ]


def last_delta_equations(record: StepRecord) -> Lines:
    """Return the delta of the last layer, and the gradients that follow from it."""
    layer, logits = len(record.layers) - 1, _logits(record)
    delta, gradient = RecordArray("deltas", layer), RecordArray("activation_gradients", layer + 1)
    y, symbol = logits.latex(record), delta.latex(record)
    results, below = (delta, gradient), gradient.latex(record)
    match record.settings.get("loss_type"):
        case "cross_entropy":
            p = RecordArray("probabilities")
            of_loss = Equation(
                rf"{symbol} = {below} = \tfrac{{1}}{{B}}\,(p - y), \quad p = \text{{softmax}}({y})",
                results,
                (p, logits),
            )
        case "mse":
            of_loss = Equation(
                rf"{symbol} = {below} = \tfrac{{2}}{{B\,C}}\,({y} - y)", results, (logits,)
            )
        case _:
            of_loss = Equation(rf"{symbol} = {below}", results, (logits,))
    return [[of_loss], _gradients(record, layer)]


def backward_equations(record: StepRecord, layer: int) -> Lines:
    """Return the delta of a hidden layer, and the gradients that follow from it."""
    above, w = RecordArray("deltas", layer + 1), RecordArray("weights", layer + 1)
    z, delta = RecordArray("pre_activations", layer), RecordArray("deltas", layer)
    slope = RecordArray("activation_slopes", layer)
    of_a = RecordArray("activation_gradients", layer + 1)
    back = Equation(
        rf"{of_a.latex(record)} = {above.latex(record)}\,{w.latex(record)}^\top",
        (of_a,),
        (above, w),
    )
    through = Equation(
        rf"{delta.latex(record)} = {of_a.latex(record)} \odot {slope.latex(record)}",
        (slope, delta),
        (of_a, z),
    )
    first = [back, through]
    if layer < len(record.activation_names):
        formula = FORMULAS[record.activation_names[layer]]
        first.append(Equation(rf"\varphi'(z) = {_flat(formula.slope)}"))
    return [first, _gradients(record, layer)]


def update_equations(record: StepRecord) -> Lines:
    """Return what is added to every weight and bias θ."""
    layers = range(len(record.layers))

    def of_all(*names: str) -> tuple[RecordArray, ...]:
        """Return the arrays of these names, of every layer."""
        return tuple(RecordArray(name, layer) for layer in layers for name in names)

    updates = of_all("weight_updates", "bias_updates")
    parameters, new = of_all("weights", "biases"), of_all("new_weights", "new_biases")
    operands = of_all("weight_gradients", "bias_gradients") + parameters + of_all(*record.moments)
    after = r"\theta^{\text{new}} = \theta + \Delta\theta"
    name = record.settings.get("optimizer")
    if name not in OPTIMIZERS:
        return [[Equation(after, (*updates, *new), operands)]]
    rule, *rest, gradient = _flat(EQUATIONS[name]).split(r", \quad ")
    lines = [
        [
            Equation(rf"\Delta\theta = {rule}", updates, operands),
            Equation(after, new, (*parameters, *updates)),
            Equation(gradient),
        ]
    ]
    return [*lines, [Equation(each) for each in rest]] if rest else lines


def _gradients(record: StepRecord, layer: int) -> list[Equation]:
    """Return the gradients of a layer's weights and bias; for the first, those of the inputs."""
    delta, a = RecordArray("deltas", layer), RecordArray("activations", layer)
    of_w, of_b = RecordArray("weight_gradients", layer), RecordArray("bias_gradients", layer)
    d = delta.latex(record)
    equations = [
        Equation(rf"{of_w.latex(record)} = {a.latex(record)}^\top {d}", (of_w,), (a, delta)),
        Equation(
            rf"{of_b.latex(record)} = \textstyle\sum_b {d}[b]",
            (of_b,),
            (delta,),
        ),
    ]
    if not layer:
        of_x, w = RecordArray("activation_gradients", 0), RecordArray("weights", 0)
        equations.append(
            Equation(rf"{of_x.latex(record)} = {d}\,{w.latex(record)}^\top", (of_x,), (delta, w))
        )
    return equations


def _logits(record: StepRecord) -> RecordArray:
    return RecordArray("activations", len(record.layers))


def _flat(text: str) -> str:
    """Return an equation of several lines in one."""
    lines = text.split(r" \\ &\phantom{=}\; ")
    return r", \quad ".join(lines).replace(r", \;", r", \quad ").replace(r"\frac", r"\tfrac")
