"""The symbols in an optimizer's equation: each with its meaning in words and its value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ...nn.optimizers import OPTIMIZERS
from .explanation import Factor
from .optimizer_formulas import EQUATIONS, Entry, UpdateParts

CONSTANTS = {
    "beta_1": Factor("β₁", 0.0, meaning="share of m that is kept"),
    "beta_2": Factor("β₂", 0.0, meaning="share of v that is kept"),
    "momentum": Factor("μ", 0.0, meaning="share of v that is kept"),
    "smoothing": Factor("α", 0.0, meaning="share of v that is kept"),
    "epsilon": Factor("ε", 0.0, meaning="keeps the divisor above 0"),
}
"""Attributes of optimizers, as factors without their values."""

MOMENTS = {
    "mean": ("m", "running mean of g"),
    "mean_square": ("v", "running mean of g²"),
    "velocity": ("v", "running sum of g"),
}
"""The letter of each moment, and what it is."""

CORRECTIONS = {
    "1 − β₁ᵗ": "makes up for m's start at 0",
    "1 − β₂ᵗ": "makes up for v's start at 0",
    "m̂": "mₜ corrected by it",
    "v̂": "vₜ corrected by it",
}


def symbols_of_update(optimizer: str, entry: Entry, parts: UpdateParts) -> tuple[Factor, ...]:
    """Return what the symbols of an update's equation stand for, from its gradient on."""
    return (*_of_gradient(entry), *_of_rule(optimizer, entry, parts))


def _of_gradient(entry: Entry) -> Iterator[Factor]:
    g = "" if entry.share_taken is None else "g = "
    yield replace(entry.gradient, meaning=f"{g}∂L/∂θ, the gradient")
    yield replace(entry.before, meaning="θ, before the step")
    yield Factor("λ", entry.decay, meaning="weight decay")
    if entry.share_taken:
        yield Factor("ηλ", entry.share_taken, meaning="share of θ that the decay takes")
    if entry.decay_in_g:
        yield Factor("λ·θ", entry.decay * entry.before.value, meaning="decay, part of g")
    if entry.share_taken is None:
        yield Factor("g", entry.g, meaning="gradient, decay included")


def _of_rule(optimizer: str, entry: Entry, parts: UpdateParts) -> Iterator[Factor]:
    rule, words = OPTIMIZERS[optimizer], dict(CORRECTIONS)
    for attribute, factor in CONSTANTS.items():
        if hasattr(rule, attribute):
            yield replace(factor, value=getattr(rule, attribute))
    if "^t" in EQUATIONS[optimizer]:
        yield Factor("t", entry.steps, meaning="number of this update")
    for name, moment in entry.moments.items():
        letter, what = MOMENTS[name]
        words[f"{letter} after"] = f"{letter}ₜ, {what}"
        yield replace(moment, meaning=f"{letter}ₜ₋₁, {letter} before the step")
    for factor in parts.working:
        yield replace(factor, meaning=words.get(factor.name, ""))
    yield Factor("η", entry.rate, meaning="learning rate")
