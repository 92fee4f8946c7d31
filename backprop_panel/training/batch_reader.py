"""Where the steps of an engine take their batches: for training, or for viewing beside it."""

from __future__ import annotations

from ..data.batch_loader import BatchLoader, Block, Cursor
from ..data.sequence_dataset import SequenceDataset


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

    @property
    def reading(self) -> Cursor:
        """The cursor from which steps take their batches: for training, or for viewing."""
        return self.viewing or self.cursor

    def view_only(self, only: bool) -> None:
        """View batches without training from here on, or train again from the cursor."""
        self.viewing = self.cursor.copy() if only else None

    def leave_out(self, count: int) -> None:
        """Leave out the last samples of an epoch, if at most `count` are left."""
        for cursor in filter(None, (self.cursor, self.viewing)):
            cursor.leave_out(count)

    def load(self, size: int, most: int = 1) -> Block:
        """Return the next batches of `size`, at most `most` of them; see `BatchLoader.load`."""
        return self.loader.load(self.reading, size, most)

    def left(self, size: int) -> int:
        """Return the number of batches of at most `size` that are left in the epoch."""
        return self.reading.batches_left(size)
