"""Losses on logits, each with its derivative, written into buffers.

``logits`` has shape (batch, outputs); ``targets`` holds the index of the right output of each
example, shape (batch,). ``kept`` is a buffer of the logits' shape in which the value leaves what
its derivative uses again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
Targets = NDArray[np.integer]


class Loss(Protocol):
    """A mean loss over a batch, and its derivative with respect to the logits."""

    name: str
    label: str
    equation: str
    derivative_equation: str

    def value(self, logits: Array, targets: Targets, rows: Targets, kept: Array) -> float:
        """Return the mean loss; `rows` is ``arange(batch)``."""

    def derivative(self, targets: Targets, rows: Targets, kept: Array, out: Array) -> None:
        """Write dLoss/dlogits into `out`, from what `value` left in `kept`."""


@dataclass(frozen=True)
class MeanSquaredError:
    """Mean over all elements of the squared distance to the one-hot target y.

    For a batch of B examples and C outputs::

        L       = 1/(BC) Σ (logits - y)²
        dL/dlogits = 2/(BC) (logits - y)
    """

    name: str = "mse"
    label: str = "MSE"
    equation: str = "mean((logits − y)²)"
    derivative_equation: str = "2(logits − y) / (B·C)"

    def value(self, logits: Array, targets: Targets, rows: Targets, kept: Array) -> float:
        """Return the mean squared error; `kept` holds logits - y."""
        np.copyto(kept, logits)
        kept[rows, targets] -= 1
        distances = kept.ravel()
        return float(np.dot(distances, distances)) / kept.size

    def derivative(self, targets: Targets, rows: Targets, kept: Array, out: Array) -> None:
        """Write 2 (logits - y) / (BC) into `out`."""
        np.multiply(kept, 2 / kept.size, out=out)


@dataclass(frozen=True)
class SoftmaxCrossEntropy:
    """Mean over the batch of -log p(target), with p the softmax of the logits.

    For B examples, and m the largest logit of each, which cancels and keeps e^(…) from
    overflowing::

        p       = e^(logits - m) / Σ e^(logits - m)
        L       = 1/B Σ (log Σ e^(logits - m) - (logits_target - m))
        dL/dlogits = (p - y) / B
    """

    name: str = "cross_entropy"
    label: str = "Cross-Entropy"
    equation: str = "mean(−log softmax(logits)[target])"
    derivative_equation: str = "(softmax(logits) − y) / B"

    def value(self, logits: Array, targets: Targets, rows: Targets, kept: Array) -> float:
        """Return the mean cross-entropy; `kept` holds the probabilities p."""
        np.subtract(logits, logits.max(axis=1, keepdims=True), out=kept)
        target_logits = kept[rows, targets]
        np.exp(kept, out=kept)
        totals = kept.sum(axis=1, keepdims=True)
        kept /= totals
        return float((np.log(totals[:, 0]) - target_logits).mean())

    def derivative(self, targets: Targets, rows: Targets, kept: Array, out: Array) -> None:
        """Write (p - y) / B into `out`."""
        batch = len(rows)
        np.multiply(kept, 1 / batch, out=out)
        out[rows, targets] -= out.dtype.type(1 / batch)


def softmax(logits: Array) -> Array:
    """Probabilities of the outputs, shape (batch, outputs): e^logits over its row's sum."""
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


LOSSES: dict[str, Loss] = {loss.name: loss for loss in (MeanSquaredError(), SoftmaxCrossEntropy())}
