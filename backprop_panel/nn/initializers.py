"""Initial weights: one function per scheme, each returning a matrix of shape (inputs, outputs)."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt

import numpy as np
from numpy.typing import NDArray

Initialization = Callable[[int, int, np.random.Generator], NDArray[np.float64]]


def xavier_uniform(inputs: int, outputs: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Uniform within ±√(6 / (inputs + outputs)).

    The variance 2 / (inputs + outputs) keeps activations and gradients alike in size from layer
    to layer (Glorot and Bengio, 2010).
    """
    limit = sqrt(6 / (inputs + outputs))
    return random.uniform(-limit, limit, (inputs, outputs))


def xavier_normal(inputs: int, outputs: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Normal with variance 2 / (inputs + outputs) (Glorot and Bengio, 2010)."""
    return random.normal(0, sqrt(2 / (inputs + outputs)), (inputs, outputs))


def he(inputs: int, outputs: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Normal with variance 2 / inputs, as ReLU halves the second moment (He et al., 2015)."""
    return random.normal(0, sqrt(2 / inputs), (inputs, outputs))


def zeros(inputs: int, outputs: int, random: np.random.Generator) -> NDArray[np.float64]:
    """All zero: hidden units that start equal stay equal, which is worth seeing once."""
    return np.zeros((inputs, outputs))


INITIALIZATIONS: dict[str, Initialization] = {
    scheme.__name__: scheme for scheme in (xavier_uniform, xavier_normal, he, zeros)
}
