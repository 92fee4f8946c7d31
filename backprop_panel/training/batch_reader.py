"""The batches of an engine's steps, read in their order.

Viewing has a cursor of its own, so that training resumes where it stopped.
"""

from __future__ import annotations

from typing import NamedTuple

from ..data.batch_loader import MOST_IN_BLOCK, BatchLoader, Block, Cursor
from ..data.sequence_dataset import SequenceDataset


class LoadedAhead(NamedTuple):
    """A block of batches of one size, and where its first batch begins in the data."""

    block: Block
    size: int
    epoch: int
    position: int


class BatchReader:
    """Reads the batches of a dataset in their order.

    Attributes
    ----------
    cursor : Cursor
        The next training sample.
    viewing : Cursor or None
        The next sample to view without training; None while training.
    loader : BatchLoader
    """

    def __init__(self, data: SequenceDataset) -> None:
        self.cursor = Cursor(data)
        self.viewing: Cursor | None = None
        self.loader = BatchLoader(data)
        self._ahead: LoadedAhead | None = None

    @property
    def reading(self) -> Cursor:
        """The cursor from which steps take their batches: for training, or for viewing."""
        return self.viewing or self.cursor

    def view_only(self, only: bool) -> None:
        """View batches without training from here on, or train again from the cursor."""
        self.viewing = self.cursor.copy() if only else None

    def leave_out(self, count: int) -> None:
        """End epochs early, when `count` samples or fewer remain."""
        for cursor in filter(None, (self.cursor, self.viewing)):
            cursor.leave_out(count)

    def load(self, size: int, most: int = 1) -> Block:
        """Return the next batches of `size`, at most `most` of them; see `BatchLoader.load`."""
        return self.loader.load(self.reading, size, most)

    def next_batch(self, size: int) -> Block:
        """Return the next batch of `size` as a block; a few more are loaded with it."""
        ahead, cursor = self._ahead, self.reading
        if ahead is not None and (ahead.size, ahead.epoch) == (size, cursor.epoch):
            place, rest = divmod(cursor.position - ahead.position, size)
            if not rest and 0 <= place < len(ahead.block):
                return ahead.block.only(place)
        block = self.load(size, MOST_IN_BLOCK)
        self._ahead = LoadedAhead(block, size, cursor.epoch, cursor.position)
        return block.only(0)

    def left(self, size: int) -> int:
        """Return the number of batches of at most `size` that are left in the epoch."""
        return self.reading.batches_left(size)
