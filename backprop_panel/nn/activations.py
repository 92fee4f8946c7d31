"""Activation functions, each with its derivative, written into buffers.

``z`` is a layer's pre-activation, of shape (batch, units); ``a = f(z)`` its activation. ``kept``
are two buffers of the same shape in which a function leaves what its derivative can use again, and
``scratch`` is one whose content is nobody's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import pi, sqrt
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
        """Write ``f'(z)`` into `out`, given ``a = f(z)`` and what `value` left in `kept`.

        `out` may be the second of `kept`, which nothing reads afterwards.
        """


@dataclass(frozen=True)
class GELU:
    """Gaussian error linear unit in its tanh form: z times a smooth gate between 0 and 1.

    With the gate h(z) = ½ (1 + tanh(√(2/π) (z + 0.044715 z³)))::

        f(z)  = z h
        f'(z) = h + z h'
              = h + 2 f(z) (1 - h) √(2/π) (1 + 3 · 0.044715 z²)

    The second line uses tanh' = 1 - tanh², that is h' = 2 h (1 - h) times the inner derivative.

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
        """Write z h into `out`; `kept` holds the gate h and z²."""
        gate, square = kept
        cubic, slope, half = constants(z.dtype, self.SLOPE * self.CUBIC, self.SLOPE, 0.5)
        np.multiply(z, z, square)
        np.multiply(square, cubic, gate)
        np.add(gate, slope, gate)
        np.multiply(gate, z, gate)
        np.tanh(gate, gate)
        np.multiply(gate, half, gate)
        np.add(gate, half, gate)
        np.multiply(z, gate, out)

    def derivative(self, z: Array, a: Array, kept: Kept, out: Array, scratch: Array) -> None:
        """Write h + 2 a (1 - h) √(2/π) (1 + 3 · 0.044715 z²) into `out`."""
        gate, square = kept
        cubic, slope, one = constants(z.dtype, 6 * self.SLOPE * self.CUBIC, 2 * self.SLOPE, 1)
        np.multiply(square, cubic, out)
        np.add(out, slope, out)
        np.multiply(out, a, out)
        np.subtract(one, gate, scratch)
        np.multiply(out, scratch, out)
        np.add(out, gate, out)


@dataclass(frozen=True)
class ReLU:
    """Rectified linear unit.

    ::

    f(z)  = max(0, z)
    f'(z) = 1 where z > 0, else 0      (0 at the corner, as torch has it)
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

    ::

    f(z)  = tanh z
    f'(z) = 1 - f(z)²
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

    ::

    f(z)  = 1 / (1 + e⁻ᶻ) = ½ (1 + tanh(z / 2))     (the second form cannot overflow)
    f'(z) = f(z) (1 - f(z))
    """

    name: str = "sigmoid"
    label: str = "sigmoid"
    equation: str = "1 / (1 + e⁻ᶻ)"
    derivative_equation: str = "a(1 − a)"

    def value(self, z: Array, out: Array, kept: Kept) -> None:
        """Write ½ (1 + tanh(z / 2)) into `out`."""
        one, half = constants(z.dtype, 1, 0.5)
        np.multiply(z, half, out)
        np.tanh(out, out)
        np.add(out, one, out)
        np.multiply(out, half, out)

    def derivative(self, z: Array, a: Array, kept: Kept, out: Array, scratch: Array) -> None:
        """Write a (1 - a) into `out`."""
        (one,) = constants(z.dtype, 1)
        np.subtract(one, a, out)
        np.multiply(out, a, out)


@dataclass(frozen=True)
class Identity:
    """No activation at all: ``f(z) = z``, ``f'(z) = 1``."""

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
