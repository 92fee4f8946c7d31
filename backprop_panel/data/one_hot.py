"""One-hot encoding of token ids and targets into the layout of the network's buffers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.integer]


def write_one_hot(contexts: NDArray, token_ids: Indices, out: NDArray[np.floating]) -> None:
    """Write the flattened one-hot rows of `contexts` into `out`.

    Parameters
    ----------
    contexts : array, shape (..., batch, context_length)
    token_ids : array, shape (vocabulary_size,)
        0, 1, 2, … in the type of `contexts`.
    out : array, shape (..., batch, context_length * vocabulary_size)
    """
    # The batch is the last axis in memory, as in the network's buffers: several times faster.
    places = contexts.swapaxes(-2, -1)
    hot = np.empty((*places.shape[:-1], len(token_ids), places.shape[-1]), bool)
    np.equal(places[..., np.newaxis, :], token_ids[:, np.newaxis], out=hot)
    np.copyto(out.swapaxes(-2, -1), hot.reshape(*places.shape[:-2], -1, hot.shape[-1]))


def write_one_hot_targets(targets: Indices, classes: Indices, out: NDArray[np.floating]) -> None:
    """Write a one at each target, (..., batch), into `out`, (..., batch, len(classes))."""
    hot = targets[..., np.newaxis, :] == classes[:, np.newaxis]
    np.copyto(out.swapaxes(-2, -1), hot)
