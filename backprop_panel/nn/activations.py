"""Activation functions, each with its derivative, written into buffers.

``z`` is a layer's pre-activation, of shape (batch, units), and ``a = f(z)`` its activation.
``kept`` are two buffers of the same shape: `value` stores intermediate results in them, which
`derivative` reuses. ``scratch`` is a temporary buffer.

At ±∞, values and slopes are the limits. Only NaN gives NaN, and no intermediate result overflows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import cbrt, log, pi, sqrt
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
Kept = tuple[Array, Array]


@cache
def constants(dtype: np.dtype, *values: float) -> tuple[Array, ...]:
    """Return each value as an array without dimensions: a Python number is twice as slow."""
    return tuple(np.array(value, dtype) for value in values)


class Activation(Protocol):
    """A function applied to each element, and its derivative."""

    name: str
    label: str
    equation: str
    derivative_equation: str

    def value(self, z: Array, out: Array, kept: Kept) -> None:
        """Write ``f(z)`` into `out`."""

    def derivative(self, z: Array, a: Array, kept: Kept, out: Array, scratch: Array) -> None:
        """Write ``f'(z)`` into `out`, given ``a = f(z)`` and the results of `value` in `kept`.

        `out` may be the second buffer of `kept`, which is not read afterwards.
        """


@dataclass(frozen=True)
class GELU:
    """Gaussian error linear unit in its tanh form: z times a smooth gate between 0 and 1.

    With the gate h(z) = ½ (1 + tanh u), u = √(2/π) (z + 0.044715 z³)::

        h     = 1 / (1 + e⁻²ᵘ)
        f(z)  = z h
        f'(z) = h + z h'
              = h + 2 f(z) (1 - h) √(2/π) (1 + 3 · 0.044715 z²)

    The gate is computed in its first form, since ½ (1 + tanh u) loses all digits of a small h.
    The last line uses tanh' = 1 - tanh², that is h' = 2 h (1 - h) times the inner derivative.

    The gate is 1 above z = 8.5 (float64: 17) and 0 below -8.5 (-17). To make it reach 0, its
    value there, 7e-26 (1e-166), is subtracted, which costs accuracy only in values below 1e-17.
    Otherwise units with z near -10, which are common in training, would yield subnormal numbers,
    and the matrix products would take twenty times as long.

    References
    ----------
    Hendrycks and Gimpel, "Gaussian Error Linear Units (GELUs)", 2016, arXiv:1606.08415.
    """

    name: str = "gelu"
    label: str = "GELU"
    equation: str = "z·h,  h = ½(1 + tanh(√(2/π)(z + 0.044715 z³)))"
    derivative_equation: str = "h + 2a(1 − h)·√(2/π)(1 + 0.134145 z²)"

    SLOPE = sqrt(2 / pi)
    CUBIC = 0.044715

    def value(self, z: Array, out: Array, kept: Kept) -> None:
        """Write z h into `out`; `kept` holds the gate h and q = -2u / z."""
        gate, q = kept
        low, high, cubic, slope, one, least = _value_constants(z.dtype)
        np.maximum(z, low, out=out)
        np.minimum(out, high, out=gate)
        np.multiply(gate, gate, q)
        np.multiply(q, cubic, q)
        np.add(q, slope, q)
        np.multiply(gate, q, gate)
        np.exp(gate, gate)
        np.add(gate, one, gate)
        np.reciprocal(gate, gate)
        np.subtract(gate, least, gate)
        np.multiply(out, gate, out)

    def derivative(self, z: Array, a: Array, kept: Kept, out: Array, scratch: Array) -> None:
        """Write h + 2 a (1 - h) √(2/π) (1 + 3 · 0.044715 z²) into `out`."""
        gate, q = kept
        high, minus_three, slope, one = _derivative_constants(z.dtype)
        np.multiply(q, minus_three, out)
        np.subtract(out, slope, out)
        np.minimum(a, high, out=scratch)  # 1 - h is 0 above, and times infinity it would be NaN
        np.multiply(out, scratch, out)
        np.subtract(one, gate, scratch)
        np.multiply(out, scratch, out)
        np.add(out, gate, out)


@cache
def _limit(dtype: np.dtype) -> float:
    """Return the z at which 2u is about half the logarithm of the largest number."""
    return cbrt(log(np.finfo(dtype).max) / (4 * GELU.SLOPE * GELU.CUBIC))


@cache
def _value_constants(dtype: np.dtype) -> tuple[Array, ...]:
    """Return the limits of z, the coefficients of q, one, and the gate at the lower limit."""
    low, high, cubic, slope, one = constants(
        dtype, -_limit(dtype), _limit(dtype), -2 * GELU.SLOPE * GELU.CUBIC, -2 * GELU.SLOPE, 1
    )
    # By the same array operations as in `value`: scalar operations may round differently.
    ends = np.full(64, low)
    least = np.reciprocal(np.exp(ends * (ends * ends * cubic + slope)) + one)[0]
    return low, high, cubic, slope, one, np.array(least)


@cache
def _derivative_constants(dtype: np.dtype) -> tuple[Array, ...]:
    """Return the limit of z and the coefficients of 2 du/dz = -3q - 4 √(2/π), and one."""
    return constants(dtype, _limit(dtype), -3, 4 * GELU.SLOPE, 1)


@dataclass(frozen=True)
class ReLU:
    """Rectified linear unit.

    The slope at 0 is 0, as in PyTorch::

        f(z)  = max(0, z)
        f'(z) = 1 where z > 0, else 0
    """

    name: str = "relu"
    label: str = "ReLU"
    equation: str = "max(0, z)"
    derivative_equation: str = "1 if z > 0 else 0"

    def value(self, z: Array, out: Array, kept: Kept) -> None:
        """Write max(0, z) into `out`."""
        (zero,) = constants(z.dtype, 0)
        np.maximum(z, zero, out=out)

    def derivative(self, z: Array, a: Array, kept: Kept, out: Array, scratch: Array) -> None:
        """Write 1 where z > 0, else 0, into `out`."""
        (zero,) = constants(z.dtype, 0)
        np.greater(z, zero, out)


@dataclass(frozen=True)
class Tanh:
    """Hyperbolic tangent.

    Its slope follows from its value::

        f(z)  = tanh z
        f'(z) = 1 - f(z)²

    The absolute error of the slope is that of rounding 1, as in PyTorch: it is 0 where f(z) is
    rounded to ±1, in float32 above abs(z) = 10 at the latest (float64: 20). 4 / (eᶻ + e⁻ᶻ)² would
    be accurate for small slopes too, but would cost a tenth of a training step.
    """

    name: str = "tanh"
    label: str = "tanh"
    equation: str = "tanh z"
    derivative_equation: str = "1 − a²"

    def value(self, z: Array, out: Array, kept: Kept) -> None:
        """Write tanh z into `out`."""
        np.tanh(z, out)

    def derivative(self, z: Array, a: Array, kept: Kept, out: Array, scratch: Array) -> None:
        """Write 1 - a² into `out`."""
        (one,) = constants(z.dtype, 1)
        np.multiply(a, a, out)
        np.subtract(one, out, out)


@dataclass(frozen=True)
class Sigmoid:
    """Logistic function.

    With s = 1 / (1 + exp(-abs(z))), which cannot overflow::

        f(z)  = 1 / (1 + exp(-z)) = exp(min(z, 0)) s
        f'(z) = f(z) (1 - f(z)) = exp(-abs(z)) s²

    Value and slope are exact to a few units in the last place on both sides of zero: the slope
    does not use 1 - f(z), which loses all digits where f(z) is near 1. For abs(z) of 87 (float64:
    708) and above, results are subnormal numbers, exact to the last place too; from 104 (746) on
    they are zero.
    """

    name: str = "sigmoid"
    label: str = "sigmoid"
    equation: str = "1 / (1 + e⁻ᶻ)"
    derivative_equation: str = "a(1 − a)"

    def value(self, z: Array, out: Array, kept: Kept) -> None:
        """Write exp(min(z, 0)) s into `out`; `kept` holds exp(-abs(z)) and s."""
        power, s = kept
        zero, one = constants(z.dtype, 0, 1)
        np.absolute(z, power)
        np.negative(power, power)
        np.exp(power, power)
        np.add(power, one, s)
        np.reciprocal(s, s)
        np.minimum(z, zero, out=out)
        np.exp(out, out)
        np.multiply(out, s, out)

    def derivative(self, z: Array, a: Array, kept: Kept, out: Array, scratch: Array) -> None:
        """Write exp(-abs(z)) s² into `out`."""
        power, s = kept
        np.multiply(s, s, out)
        np.multiply(out, power, out)


@dataclass(frozen=True)
class Identity:
    """The identity: ``f(z) = z``, ``f'(z) = 1``."""

    name: str = "identity"
    label: str = "identity"
    equation: str = "z"
    derivative_equation: str = "1"

    def value(self, z: Array, out: Array, kept: Kept) -> None:
        """Write z into `out`."""
        np.copyto(out, z)

    def derivative(self, z: Array, a: Array, kept: Kept, out: Array, scratch: Array) -> None:
        """Write 1 into `out`."""
        out.fill(1)


ACTIVATIONS: dict[str, Activation] = {
    activation.name: activation for activation in (GELU(), ReLU(), Tanh(), Sigmoid(), Identity())
}
