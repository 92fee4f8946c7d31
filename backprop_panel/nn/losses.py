"""Losses on logits, each with its derivative.

``logits`` and ``one_hot`` have the shape (batch, outputs); ``one_hot`` holds the targets y, each a
row with a one at the right output.

A training step needs the derivative only. The values of many steps can be computed at once: any
dimensions before the batch count steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .activations import constants

Array = NDArray[np.floating]

NEGLIGIBLE = 1e-20
"""Probabilities below this share of the largest have a gradient of zero.

They are far below the rounding error of the others. Propagated back through the layers, they would
become subnormal numbers, on which processors are so slow that a network that has learned its data
would train at a third of its speed.
"""


class Loss(Protocol):
    """The loss of each example, and the derivative of its mean over a batch."""

    name: str
    label: str
    equation: str
    derivative_equation: str

    def examples(self, logits: Array, one_hot: Array) -> Array:
        """Return the loss of each example: the mean over a batch is the loss of the batch."""

    def derivative(self, logits: Array, one_hot: Array, out: Array, column: Array) -> None:
        """Write dLoss/dlogits into `out`; `column`, (batch, 1), is a temporary buffer."""


@cache
def _ones(count: int, dtype: np.dtype) -> Array:
    return np.ones((count, 1), dtype)


@dataclass(frozen=True)
class MeanSquaredError:
    """Mean over all elements of the squared distance to the one-hot target y.

    For a batch of B examples and C outputs::

        L          = 1/(BC) Σ (logits - y)²
        dL/dlogits = 2/(BC) (logits - y)
    """

    name: str = "mse"
    label: str = "MSE"
    equation: str = "mean((logits − y)²)"
    derivative_equation: str = "2(logits − y) / (B·C)"

    def examples(self, logits: Array, one_hot: Array) -> Array:
        """Return the mean squared error of each example."""
        distances = logits - one_hot
        return np.square(distances, out=distances).mean(axis=-1)

    def derivative(self, logits: Array, one_hot: Array, out: Array, column: Array) -> None:
        """Write 2 (logits - y) / (BC) into `out`."""
        (scale,) = constants(out.dtype, 2 / out.size)
        np.subtract(logits, one_hot, out)
        np.multiply(out, scale, out)


@dataclass(frozen=True)
class SoftmaxCrossEntropy:
    """Mean over the batch of -log p(target), with p the softmax of the logits.

    For B examples, and m the largest logit of each, which cancels and prevents overflow::

        p          = e^(logits - m) / Σ e^(logits - m)
        L          = 1/B Σ (log Σ e^(logits - m) - (logits_target - m))
        dL/dlogits = (p - y) / B
    """

    name: str = "cross_entropy"
    label: str = "Cross-Entropy"
    equation: str = "mean(−log softmax(logits)[target])"
    derivative_equation: str = "(softmax(logits) − y) / B"

    def examples(self, logits: Array, one_hot: Array) -> Array:
        """Return the cross-entropy of each example."""
        largest = logits.max(axis=-1, keepdims=True)
        # No product with the one-hot rows: another class's logit may be −∞, and 0 times it is NaN.
        of_targets = np.where(one_hot, logits, 0).sum(axis=-1) - largest[..., 0]
        totals = np.exp(logits - largest).sum(axis=-1)
        return np.log(totals) - of_targets

    def derivative(self, logits: Array, one_hot: Array, out: Array, column: Array) -> None:
        """Write (p - y) / B into `out`; a negligible p is zero."""
        share, negligible = constants(out.dtype, 1 / len(out), NEGLIGIBLE)
        np.maximum.reduce(logits, axis=1, keepdims=True, out=column)
        np.subtract(logits, column, out)
        np.exp(out, out)
        np.copyto(out, 0, where=out < negligible)
        np.dot(out, _ones(out.shape[1], out.dtype), column)  # twice as fast as a sum
        np.divide(out, column, out)
        np.subtract(out, one_hot, out)
        np.multiply(out, share, out)


def softmax(logits: Array) -> Array:
    """Return the probabilities of the outputs, shape (..., batch, outputs)."""
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


LOSSES: dict[str, Loss] = {loss.name: loss for loss in (MeanSquaredError(), SoftmaxCrossEntropy())}
