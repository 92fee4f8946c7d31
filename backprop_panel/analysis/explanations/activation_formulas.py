"""Each activation written out: in LaTeX, as a line of NumPy, and with the numbers of one unit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...nn.reference import gelu_gate
from ..recomputation import value_and_slope
from . import latex
from .explanation import Factor

ActivationParts = tuple[tuple[Factor, ...], str, tuple[Factor, ...]]
"""The factors of φ(z), φ(z) with numbers in LaTeX, and intermediate results."""


@dataclass(frozen=True)
class Formula:
    """How an activation and its slope are written.

    Parameters
    ----------
    value, slope : str
        LaTeX of φ(z) and of φ'(z).
    value_line, slope_line : str
        Lines of NumPy with ``{z}`` and ``{a}`` for those of the record.
    parts : callable
        Returns the `ActivationParts` of φ at a z.
    words : str
        What the letters in `value` and `slope` stand for, as a clause; empty without any but z.
    """

    value: str
    slope: str
    value_line: str
    slope_line: str
    parts: Callable[[float], ActivationParts]
    words: str = ""


def _gelu(z: float) -> ActivationParts:
    with np.errstate(all="ignore"):
        gate = float(gelu_gate(np.array([z]))[0])
    u = Factor(
        "u", float(np.sqrt(2 / np.pi)) * (z + 0.044715 * z**3), meaning="how far the gate opens"
    )
    h = Factor("h", gate, meaning="gate: the share of z that passes")
    return (Factor("z", z), h), rf"{latex.factor(z)} \cdot {latex.factor(gate)}", (u, h)


def _relu(z: float) -> ActivationParts:
    return (Factor("max(0, z)", max(z, 0.0)),), rf"\max(0, {latex.number(z)})", ()


def _tanh(z: float) -> ActivationParts:
    return (Factor("tanh z", float(np.tanh(z))),), rf"\tanh {latex.factor(z)}", ()


def _sigmoid(z: float) -> ActivationParts:
    with np.errstate(over="ignore"):
        power = Factor("e⁻ᶻ", float(np.exp(-np.float64(z))))
    result = Factor("1 / (1 + e⁻ᶻ)", float(value_and_slope("sigmoid", z)[0]))
    return (result,), rf"\frac{{1}}{{1 + {latex.number(power.value)}}}", (power,)


def _identity(z: float) -> ActivationParts:
    return (Factor("z", z),), latex.number(z), ()


FORMULAS = {
    "gelu": Formula(
        value=(
            r"z\,h, \quad h = \frac{1}{1 + e^{-2u}} \\ "
            r"&\phantom{=}\; u = \sqrt{2/\pi}\,(z + 0.044715\,z^3)"
        ),
        slope=r"h + 2 z h (1 - h)\,u' \\ &\phantom{=}\; u' = \sqrt{2/\pi}\,(1 + 0.134145\,z^2)",
        value_line="(z := {z}) / (1 + np.exp(-2 * np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))",
        slope_line=(
            "(h := 1 / (1 + np.exp(-2 * np.sqrt(2 / np.pi) * ((z := np.clip({z}, -14, 14)) "
            "+ 0.044715 * z**3)))) "
            "+ 2 * z * h * (1 - h) * np.sqrt(2 / np.pi) * (1 + 0.134145 * z**2)"
        ),
        parts=_gelu,
        words="h is its gate, the share of z that passes, and u is how far the gate opens",
    ),
    "relu": Formula(
        value=r"\max(0, z)",
        slope=r"\begin{cases} 1 & z > 0 \\ 0 & \text{else} \end{cases}",
        value_line="np.maximum({z}, 0)",
        slope_line="float({z} > 0)",
        parts=_relu,
    ),
    "tanh": Formula(
        value=r"\tanh z",
        slope=r"1 - \tanh^2 z",
        value_line="np.tanh({z})",
        slope_line="1 - {a}**2",
        parts=_tanh,
    ),
    "sigmoid": Formula(
        value=r"\frac{1}{1 + e^{-z}}",
        slope=r"\varphi(z)\,(1 - \varphi(z))",
        value_line="np.exp(min(z := {z}, 0)) / (1 + np.exp(-abs(z)))",
        slope_line="np.exp(-abs(z := {z})) / (1 + np.exp(-abs(z)))**2",
        parts=_sigmoid,
    ),
    "identity": Formula(
        value="z",
        slope="1",
        value_line="{z}",
        slope_line="1.0",
        parts=_identity,
    ),
}
