"""Batches of samples: an epoch is a permutation and a cursor into it."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from ..interrupts import interrupts_deferred
from .sequence_dataset import SequenceDataset

Indices = NDArray[np.integer]
Batch = tuple[NDArray, Indices]

MOST_IN_BLOCK = 32
"""The most batches that are loaded at a time; more would hardly be faster per batch."""

MOST_NUMBERS_IN_BLOCK = 2**18
"""The most one-hot elements of a block that holds more than one batch."""


@dataclass
class Cursor:
    """A position in the endless sequence of samples: the epoch, and the position in its order.

    Attributes
    ----------
    data : SequenceDataset
    epoch, position : int
    left_out : int
        An epoch ends early when so many samples or fewer remain.
    """

    data: SequenceDataset
    epoch: int = 0
    position: int = 0
    left_out: int = 0

    def __post_init__(self) -> None:
        self._order_of = -1
        self._order: NDArray[np.uint32] = np.empty(0, np.uint32)

    def copy(self) -> Cursor:
        """Return another cursor at the same position."""
        return Cursor(self.data, self.epoch, self.position, self.left_out)

    def peek(self, count: int) -> Indices:
        """Return the next `count` samples' numbers, fewer at the end of the epoch."""
        if self._order_of != self.epoch:
            self._order, self._order_of = self.data.order(self.epoch), self.epoch
        return self._order[self.position : self.position + count].astype(np.intp)

    def pass_by(self, count: int) -> None:
        """Advance by `count` samples, at most to the end of the epoch."""
        self.position += count
        if len(self.data) - self.position <= self.left_out:
            self.epoch += 1
            self.position = 0

    def leave_out(self, count: int) -> None:
        """End this epoch and later ones early, when `count` samples or fewer remain."""
        self.left_out = count
        if self.position:
            self.pass_by(0)

    def batches_left(self, size: int) -> int:
        """Return the number of batches of at most `size` that are left in the epoch."""
        return max(ceil((len(self.data) - self.position - self.left_out) / size), 1)


class BatchLoader:
    """Fetches the samples of a dataset by their numbers, through torch's DataLoader.

    Without torch, the samples are fetched from the dataset directly. The batches are the same, as
    the cursor chooses the samples and not the loader.

    Parameters
    ----------
    data : SequenceDataset
    with_torch : bool
        Whether torch is used where it is installed; importing it takes longer than a short run.
    """

    def __init__(self, data: SequenceDataset, with_torch: bool = True) -> None:
        self._data, self._with_torch = data, with_torch
        self._request = _Request()
        self._batches: Iterator[Batch] | None = None

    def fetch(self, samples: Indices) -> Batch:
        """Return the contexts (batch, context_length) and targets (batch,) of `samples`."""
        if self._batches is None:
            self._batches = iter(_loader(self._data, self._request, self._with_torch))
        self._request.samples = samples
        return next(self._batches)

    def load(self, cursor: Cursor, size: int, most: int = 1) -> Block:
        """Return the next batches of `size`, at most `most` of them, within the epoch.

        The smaller batch at the end of an epoch is a block of its own.
        """
        numbers = size * (self._data.input_dimension + self._data.output_dimension)
        most = min(most, MOST_IN_BLOCK, max(1, MOST_NUMBERS_IN_BLOCK // numbers))
        samples = cursor.peek(most * size)
        whole = len(samples) // size
        samples = samples[: whole * size].reshape(whole, size) if whole else samples[np.newaxis]
        return self.block(samples)

    def block(self, samples: Indices) -> Block:
        """Return the batches of these samples, a row each."""
        return Block(self._data, samples, self.fetch(samples.ravel()))


class Block:
    """The next few batches of one size, loaded at once.

    Inputs, targets and logits are stored transposed, one example a column, as in `Workspace`.

    Attributes
    ----------
    samples : array, shape (n, batch)
        The examples' numbers among the training samples.
    contexts : array, shape (n, batch, context_length)
        Their token ids.
    targets : array of int, shape (n, batch)
    inputs, one_hot_targets : array, shape (n, batch, in) and (n, batch, out)
    logits : array, shape (n, batch, out)
        The network's outputs for the batches that it has processed.
    """

    def __init__(self, data: SequenceDataset, samples: Indices, loaded: Batch) -> None:
        contexts, targets = loaded
        self.samples = samples
        self.contexts = contexts.reshape(*samples.shape, -1)
        self.targets = targets.reshape(samples.shape)
        self.inputs = _columns(samples.shape, data.input_dimension)
        data.one_hot(self.contexts, out=self.inputs)
        self.one_hot_targets = _columns(samples.shape, data.output_dimension)
        data.one_hot_targets(self.targets, out=self.one_hot_targets)
        self.logits = np.empty_like(self.one_hot_targets)

    def __len__(self) -> int:
        """Return the number of batches."""
        return len(self.samples)

    def only(self, place: int) -> Block:
        """Return the block of one of the batches: views, which cost no copies."""
        block = copy(self)
        for name, array in vars(self).items():
            setattr(block, name, array[place : place + 1])
        return block

    @property
    def batch_size(self) -> int:
        """Examples in each batch."""
        return self.samples.shape[1]


def _columns(shape: tuple[int, int], units: int) -> NDArray[np.float32]:
    n, batch = shape
    return np.empty((n, units, batch), np.float32).swapaxes(1, 2)


class _Request:
    """An endless batch sampler that yields the samples requested last."""

    samples: Indices

    def __iter__(self) -> Iterator[Indices]:
        while True:
            yield self.samples


def _loader(data: SequenceDataset, request: _Request, with_torch: bool) -> Iterator[Batch]:
    if not with_torch:
        return map(data.__getitems__, request)
    try:
        # Imported here because torch takes longer to import than everything else together, and
        # whole: after half an import it cannot be used in this process.
        with interrupts_deferred():
            import torch
    except ImportError:
        return map(data.__getitems__, request)
    from torch.utils.data import DataLoader

    return DataLoader(
        data,
        batch_sampler=request,
        collate_fn=_unchanged,
        # A generator of its own: otherwise every loader would draw from torch's global one.
        generator=torch.Generator(),
    )


def _unchanged(batch: Batch) -> Batch:
    """Return the arrays unchanged: the default collate function would make tensors of them."""
    return batch
