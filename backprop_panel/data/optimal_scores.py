"""The best loss and accuracy that any function of the context can reach on given samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .distinct_rows import row_keys


class OptimalScores:
    """The scores of a function that predicts, for each context, the shares of its targets.

    Parameters
    ----------
    contexts : array, shape (n, context_length)
        The token ids of the samples.
    targets : array of int, shape (n,)
    vocabulary_size : int
    """

    def __init__(
        self, contexts: NDArray, targets: NDArray[np.integer], vocabulary_size: int
    ) -> None:
        _, number_of = np.unique(row_keys(contexts, vocabulary_size), return_inverse=True)
        outputs = int(targets.max()) + 1
        pairs, counts = np.unique(number_of * outputs + targets, return_counts=True)
        # Of each distinct pair of context and target: the number of its context, its share among
        # all samples, and its share among the samples of its context.
        self._contexts = pairs // outputs
        self._weights = counts / counts.sum()
        of_context = np.bincount(self._contexts, weights=counts)
        self._shares = counts / of_context[self._contexts]

    def loss(self, loss_type: str, outputs: int) -> float:
        """Return the lowest mean loss, ``"mse"`` over so many outputs or ``"cross_entropy"``.

        Where the targets of a context have the shares p, its cross-entropy is the entropy of p;
        its squared error is the variance Σ p(1 - p), divided by the number of outputs.
        """
        if loss_type == "mse":
            return float(self._weights @ (1 - self._shares)) / outputs
        return float(self._weights @ -np.log(self._shares))

    def ambiguous_share(self) -> float:
        """Return the share of the samples whose context is followed by different targets."""
        return float(self._weights[self._shares < 1].sum())

    def accuracy(self) -> float:
        """Return the highest accuracy: that of predicting each context's most frequent target."""
        best = np.zeros(self._contexts.max() + 1)
        np.maximum.at(best, self._contexts, self._weights)
        return float(best.sum())
