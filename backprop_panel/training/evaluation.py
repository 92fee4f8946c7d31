"""Predictions and losses on windows, in buffers apart from those of training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import nan

import numpy as np
from numpy.typing import NDArray

from ..data.sampling import Windows
from ..data.sequence_dataset import SequenceDataset
from ..nn.losses import Loss
from ..nn.network import Network, Workspace

AT_ONCE = 1024
"""Number of windows in one forward pass."""


class Evaluation:
    """Computes forward passes in its own buffers.

    A prediction therefore never disturbs a training step in another thread.

    Parameters
    ----------
    network : Network
    data : SequenceDataset
    at_once : int
        The largest number of windows in one forward pass.
    """

    def __init__(self, network: Network, data: SequenceDataset, at_once: int = AT_ONCE) -> None:
        self._network = network
        self._data = data
        self._at_once = at_once
        self._workspaces: dict[int, Workspace] = {}

    def predict(self, contexts: NDArray) -> NDArray[np.floating]:
        """Return the logits, shape (n, out), for contexts of token ids, shape (n, length)."""
        return np.concatenate([work.logits.copy() for work, _ in self._forward(contexts)])

    def mean_loss(self, loss: Loss, windows: Windows) -> float:
        """Return the mean loss on windows, given by their numbers, NaN if there are none."""
        if not len(windows):
            return nan
        total = 0.0
        for start in range(0, len(windows), self._at_once):
            piece = windows[start : start + self._at_once]
            contexts, targets = self._data.context_and_target(piece)
            for work, _ in self._forward(contexts):
                one_hot = np.empty_like(work.logits)
                self._data.one_hot_targets(targets, out=one_hot)
                total += float(loss.examples(work.logits, one_hot).sum())
        return total / len(windows)

    def slopes(self, contexts: NDArray) -> Iterator[Sequence[NDArray[np.floating]]]:
        """Yield f'(z) of each hidden level, (n, units), for pieces of `contexts`."""
        for work, _ in self._forward(contexts):
            self._network.activation_slopes(work)
            yield work.slopes

    def _forward(self, contexts: NDArray) -> Iterator[tuple[Workspace, slice]]:
        """Make forward passes on pieces of `contexts`, yielding the buffers and each piece."""
        for start in range(0, len(contexts), self._at_once):
            piece = slice(start, start + self._at_once)
            work = self._workspace(len(contexts[piece]))
            self._data.one_hot(contexts[piece], out=work.activations[0])
            for _ in self._network.forward(work):
                pass
            yield work, piece

    def _workspace(self, batch: int) -> Workspace:
        """Return buffers for a batch size; only those of full pieces and of the last are kept."""
        if batch not in self._workspaces:
            kept = self._workspaces.get(self._at_once)
            self._workspaces = {} if kept is None else {self._at_once: kept}
            self._workspaces[batch] = Workspace(self._network, batch)
        return self._workspaces[batch]
