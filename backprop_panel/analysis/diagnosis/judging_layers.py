"""What the doctor judges of the layers: their gradients, their units and what is frozen."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...nn.record import StepRecord
from ..explanations.explaining import explain, origin_of_non_finite
from ..recomputation import silenced_units
from ..record_cell import RecordCell
from .evidence import SICK_EXCESS, Evidence
from .finding import Finding, Remedy
from .moments import Moment

VANISHED = 0.02
"""A layer hardly learns if its gradient is at most this share of the largest layer's."""

EXPLODED = 30
"""Gradients explode if the first layer's deltas are at least this many times the last one's."""

NEARLY_EVERY = 0.9
"""A unit is dead or saturated if it is flat for at least this share of the examples."""

MOST_OF = 0.5
"""A layer is sick if at least this share of its units is."""

TWO_SIDED = ("tanh", "sigmoid")
"""Activations that are flat at both ends: units there are saturated, not dead."""


def symmetric_units(evidence: Evidence) -> Finding | None:
    """Judge whether units of a layer have been the same since the last change."""
    widths = evidence.run.model.network.widths
    looked_at = [*evidence.first, *evidence.late]
    for level, width in enumerate(widths[1:-1]):
        distinct = max(moment.distinct[level] for moment in looked_at)
        if width > 1 and distinct <= MOST_OF * width:
            return Finding(
                "symmetric_units",
                f"Of the {width} units of layer {level + 1} only {distinct} "
                f"{'differs' if distinct == 1 else 'differ'}: units that begin with the same "
                "weights get the same gradients, and stay the same.",
                {"units": width, "different units": distinct},
                looked_at[0].step,
                layer=level,
                fault="zero_weights" if _began_at_zero(evidence) else None,
                remedy=Remedy(
                    "Make a new run with random initial weights, such as xavier_uniform."
                ),
            )
    return None


def _began_at_zero(evidence: Evidence) -> bool:
    return bool(evidence.first) and not evidence.first[0].weight_norms.any()


def exploding_gradients(evidence: Evidence) -> Finding | None:
    """Judge whether gradients have grown on their way back since the last change."""
    first = next(iter(evidence.first), None)
    if first is None:
        return None
    growth = _share(first.delta_norms[0], first.delta_norms[-1])
    if not growth >= EXPLODED:
        return None
    return Finding(
        "exploding_gradients",
        f"Gradients explode on their way back: in step {first.step:,} the deltas of layer 1 are "
        f"{growth:,.0f} times those of the last layer.",
        {"deltas of layer 1 by those of the last layer": growth},
        first.step,
        layer=0,
        remedy=Remedy("Begin with smaller weights, or with fewer layers."),
    )


def vanishing_gradients(evidence: Evidence) -> Finding | None:
    """Judge whether the first layers get hardly any gradient while there is much to learn."""
    if evidence.excess < SICK_EXCESS or len(evidence.now.gradient_norms) < 3:
        return None
    shares = [
        _share(moment.gradient_norms[0], moment.gradient_norms.max()) for moment in evidence.late
    ]
    if not max(shares) <= VANISHED or _has_silenced_level(evidence):
        return None
    worst = max(shares)
    amount = f"at most 1/{1 / worst:,.0f} of the largest" if worst else "zero"
    return Finding(
        "vanishing_gradients",
        f"Gradients vanish on their way back: that of layer 1 is {amount} at each of the "
        f"last {len(shares)} moments that were looked at.",
        {"gradient of layer 1 by the largest": worst},
        evidence.late[0].step,
        layer=0,
        remedy=Remedy(_against_vanishing(evidence.run.model.network.activation_names)),
    )


def _against_vanishing(activations: Sequence[str]) -> str:
    """Return what to try against vanishing gradients with these activations."""
    if set(activations) & set(TWO_SIDED):
        return "Take an activation with steeper slopes (gelu, relu), or fewer layers."
    return "Take fewer layers, or begin anew with a lower learning rate."


def _has_silenced_level(evidence: Evidence) -> bool:
    widths = evidence.run.model.network.widths
    levels = [level for level, _ in evidence.state.silenced]
    return any(levels.count(level) == widths[level] for level in set(levels))


def dead_units(evidence: Evidence) -> Finding | None:
    """Judge whether most units of a layer pass on nothing, being below their threshold."""
    return _blocked_layer(
        evidence,
        "dead_units",
        lambda name: name not in TWO_SIDED,
        "are dead: they are zero for {examples}, and then get no gradient",
        lambda name: (
            "Begin anew with a lower learning rate, or with "
            f"{'gelu in place of relu' if name == 'relu' else 'smaller weights'}."
        ),
    )


def saturated_units(evidence: Evidence) -> Finding | None:
    """Judge whether most units of a layer are at a flat end of their activation."""
    return _blocked_layer(
        evidence,
        "saturated_units",
        TWO_SIDED.__contains__,
        "are saturated: for {examples}, they pass on less than a hundredth of their gradient",
        lambda name: (
            "Begin with smaller weights, or take an activation that is not flat on both sides, "
            f"as {name} is."
        ),
    )


def _blocked_layer(
    evidence: Evidence,
    kind: str,
    applies: Callable[[str], bool],
    what: str,
    remedy: Callable[[str], str],
) -> Finding | None:
    for level, name in enumerate(evidence.run.model.network.activation_names):
        if not applies(name):
            continue
        blocked = np.logical_and.reduce([blocked_units(each, level) for each in evidence.late])
        blocked[silenced_units(evidence.state, level + 1)] = False
        if blocked.mean() >= MOST_OF:
            return Finding(
                kind,
                f"{blocked.sum()} of the {len(blocked)} units of layer {level + 1} "
                f"{what.format(examples=_examples(evidence, level, blocked))}.",
                {"units": len(blocked), "of these blocked": int(blocked.sum())},
                evidence.late[0].step,
                layer=level,
                units=tuple(map(int, np.flatnonzero(blocked))),
                harmless=evidence.excess < SICK_EXCESS,
                remedy=Remedy(remedy(name)),
            )
    return None


def _examples(evidence: Evidence, level: int, units: NDArray[np.bool_]) -> str:
    """Return for how many examples all of these units are flat, at all late moments."""
    share = min(moment.flat[level][units].min() for moment in evidence.late)
    return "every example" if share == 1 else f"at least {math.floor(100 * share)}% of the examples"


def blocked_units(moment: Moment, level: int) -> NDArray[np.bool_]:
    """Return which units pass on hardly any gradient, for nearly every example."""
    return moment.flat[level] >= NEARLY_EVERY


def frozen(evidence: Evidence) -> Finding | None:
    """Say which weights do not learn as they are frozen."""
    state = evidence.state
    layers = sorted(state.frozen)
    parts = len(state.frozen_parts)
    if not layers and not parts:
        return None
    what = [f"layer {layer + 1}" for layer in layers]
    what += [f"{parts} {'part' if parts == 1 else 'parts'} of others"] if parts else []
    return Finding(
        "frozen",
        f"Frozen: {', '.join(what)}. {'It does' if len(what) == 1 else 'They do'} not learn.",
        {"frozen layers": len(layers), "frozen parts": parts},
        evidence.since,
        layer=layers[0] if layers else None,
        remedy=Remedy("Unfreeze what is to learn."),
    )


def non_finite(evidence: Evidence) -> Finding | None:
    """Find where a number first was not finite, and what it was computed from."""
    bad = np.flatnonzero(~np.isfinite(evidence.losses))
    if not len(bad) and np.isfinite(evidence.state.parameters).all():
        return None
    step = int(bad[0]) + 1 if len(bad) else evidence.step
    origin, at = _origin(evidence, step)
    return Finding(
        "non_finite",
        f"Values are not finite from step {at:,} on. The first is {origin.name}: {origin.text}",
        {"loss before": float(evidence.losses[at - 2]) if at > 1 else float("nan")},
        at,
        layer=origin.layer,
        remedy=Remedy(f"Go to step {at - 1:,}, before it.", {}, at - 1),
    )


class _Origin(NamedTuple):
    """The first value that is not finite: its name, its operands in words, and its layer."""

    name: str
    text: str
    layer: int | None


def _origin(evidence: Evidence, step: int) -> tuple[_Origin, int]:
    """Return the origin of the values that are not finite in a step, and the step it is in."""
    record = evidence.run.step_again(step).record
    cell = _first_bad_cell(record)
    way = origin_of_non_finite(record, cell)
    if way[-1].quantity in ("weights", "biases") and step > 1:
        return _origin(evidence, step - 1)  # the update of the step before overflowed
    explanation = explain(record, way[-1])
    operands = [
        f"{factor.name} = {factor.value:.3g}"
        for term in explanation.terms[:1]
        for factor in term.factors
    ]
    text = f"{way[-1].value(record):g}" + (f", from {', '.join(operands)}." if operands else ".")
    return _Origin(explanation.name, text, way[-1].layer), step


def _first_bad_cell(record: StepRecord) -> RecordCell:
    """Return the first example's loss that is not finite, or else such an update."""
    examples = np.flatnonzero(~np.isfinite(record.example_losses))
    if len(examples):
        return RecordCell("loss", None, (int(examples[0]),))
    for quantity in ("weight_updates", "bias_updates"):
        for layer, update in enumerate(getattr(record, quantity)):
            bad = np.argwhere(~np.isfinite(update))
            if len(bad):
                return RecordCell(quantity, layer, tuple(map(int, bad[0])))
    return RecordCell("loss", None, ())


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else 0.0


JUDGED_AT_ONCE = (non_finite, symmetric_units, exploding_gradients, frozen)
"""What is judged from the first step on."""

JUDGED_LATER = (dead_units, saturated_units, vanishing_gradients)
"""What is judged once training has gone on for a while."""
