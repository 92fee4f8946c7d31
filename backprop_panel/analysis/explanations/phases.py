"""The phases of a step in the order in which they happen, each with its equations."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain

from ...nn.activations import ACTIVATIONS
from ...nn.record import StepRecord
from ...settings import refuse_other
from .activation_formulas import FORMULAS
from .phase_equations import (
    Equation,
    RecordArray,
    backward_equations,
    forward_equations,
    last_delta_equations,
    loss_equations,
    update_equations,
)

GIVEN = ("weights", "biases")
"""What is there before a step, for each layer, besides the inputs and the moments."""


@dataclass(frozen=True)
class RecordPhase:
    r"""One phase of a step.

    Attributes
    ----------
    name : str
        ``forward 1``, ``loss``, ``backward 3`` or ``update``.
    sentence : str
        What happens, in words.
    lines : tuple of tuple of Equation
        The equations, line by line.
    before : frozenset of RecordArray
        The arrays that are there before the phase.
    """

    name: str
    sentence: str
    lines: tuple[tuple[Equation, ...], ...]
    before: frozenset[RecordArray]

    @property
    def equations(self) -> tuple[Equation, ...]:
        """All equations in the order of their computation."""
        return tuple(chain.from_iterable(self.lines))

    @property
    def computed(self) -> tuple[RecordArray, ...]:
        """The arrays that happen in the phase."""
        return _once(each for equation in self.equations for each in equation.results)

    @property
    def operands(self) -> tuple[RecordArray, ...]:
        """The arrays that they are computed from."""
        named = _once(each for equation in self.equations for each in equation.operands)
        return tuple(each for each in named if each in self.before)

    @property
    def after(self) -> frozenset[RecordArray]:
        """The arrays that are there after the phase."""
        return self.before | frozenset(self.computed)

    @property
    def latex(self) -> str:
        """The equations in LaTeX, one line below the other."""
        lines = (r", \quad ".join(each.latex for each in line) for line in self.lines)
        rows = r" \\ ".join(lines)
        return rf"\begin{{gathered}} {rows} \end{{gathered}}"


Draft = tuple[str, str, list[list[Equation]]]
"""Name, sentence and lines of a phase."""


def phases_of(record: StepRecord) -> tuple[RecordPhase, ...]:
    """Return the phases of the step that a record holds.

    They are ``forward 1`` to ``forward L``, ``loss``, ``backward L`` to ``backward 1`` and, if the
    weights moved, ``update``. A record that lacks the name of an activation, the loss or the
    optimizer has the same phases, with equations in which that stays open.
    """
    refuse_other("record", record, StepRecord)
    depth = len(record.layers)
    drafts = [_forward(record, layer) for layer in range(depth)]
    drafts.append(("loss", _loss_sentence(record), loss_equations(record)))
    drafts += [_backward(record, layer) for layer in reversed(range(depth))]
    if record.updated:
        drafts.append(("update", _update_sentence(record), update_equations(record)))
    phases: list[RecordPhase] = []
    there = _given(record)
    for name, sentence, lines in drafts:
        phases.append(RecordPhase(name, sentence, tuple(map(tuple, lines)), there))
        there = phases[-1].after
    return tuple(phases)


def _given(record: StepRecord) -> frozenset[RecordArray]:
    names = (*GIVEN, *record.moments)
    layers = range(len(record.layers))
    parameters = (RecordArray(name, layer) for name in names for layer in layers)
    return frozenset([RecordArray("activations", 0), *parameters])


def _forward(record: StepRecord, layer: int) -> Draft:
    name = _namer(record)
    is_last = layer == len(record.layers) - 1
    sentence = (
        f"Each row of {name('activations', layer)} times {name('weights', layer)}, "
        f"plus {name('biases', layer)}: "
        + ("the logits." if is_last else _activation_sentence(record, layer))
    )
    return f"forward {layer + 1}", sentence, forward_equations(record, layer)


def _activation_sentence(record: StepRecord, layer: int) -> str:
    """Say what follows z of a hidden layer, and what the letters of its equations stand for."""
    name = _namer(record)
    z, a = name("pre_activations", layer), name("activations", layer + 1)
    which, words = "", ""
    if layer < len(record.activation_names):
        activation = record.activation_names[layer]
        which = f", here {ACTIVATIONS[activation].label}"
        words = f": {FORMULAS[activation].words}" if FORMULAS[activation].words else ""
    return (
        f"{z}, what reaches the units. They give {a} = φ({z}), where φ is the activation "
        f"function{which}{words}."
    )


def _loss_sentence(record: StepRecord) -> str:
    how = {
        "cross_entropy": "minus the log of its target's probability",
        "mse": "the mean squared distance of its logits from its target",
    }.get(str(record.settings.get("loss_type")), "a function of its logits and its target")
    return f"The loss of an example is {how}; that of the batch is their mean."


def _backward(record: StepRecord, layer: int) -> Draft:
    name, last = _namer(record), len(record.layers) - 1
    delta = name("deltas", layer)
    if layer == last:
        lines = last_delta_equations(record)
        source = "how the loss changes with each logit"
    else:
        lines = backward_equations(record, layer)
        source = (
            f"{name('deltas', layer + 1)} sent back through {name('weights', layer + 1)} (ᵀ: "
            f"transposed), times, element by element (⊙), the slope of the activation function, "
            f"φ′({name('pre_activations', layer)})"
        )
    sentence = (
        f"{delta} is {source}. It gives the gradients of {name('weights', layer)} and "
        f"{name('biases', layer)}, summed over the whole batch"
        + (", and that of the inputs, dX." if not layer else ".")
    )
    return f"backward {layer + 1}", sentence, lines


def _update_sentence(record: StepRecord) -> str:
    frozen = [f"layer {layer + 1}" for layer in sorted(record.frozen)]
    rest = f" Nothing is added to {' and '.join(frozen)}, frozen." if frozen else ""
    return (
        "The optimizer adds Δθ to each weight and bias θ, by its gradient g. The upper row of the "
        f"map now shows the new weights.{rest}"
    )


def _namer(record: StepRecord) -> Callable[[str, int], str]:
    return lambda quantity, layer: RecordArray(quantity, layer).name(record)


def _once(arrays: Iterable[RecordArray]) -> tuple[RecordArray, ...]:
    return tuple(dict.fromkeys(arrays))
