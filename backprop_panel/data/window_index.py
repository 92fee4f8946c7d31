"""The windows of master sequences, numbered in order."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from .lazy_array import LazyRows
from .master_sequences import MasterSequences

Indices = NDArray[np.integer]


class WindowIndex:
    """Finds windows by number: those of the first master first, each by its offset.

    Parameters
    ----------
    masters : MasterSequences
        Each at least as long as a window.
    length : int
        Tokens in a window.

    Attributes
    ----------
    count : int
        Number of windows.
    by_start : array, shape (tokens - length + 1, length)
        The window that begins at each position, as a view on the masters' token ids.
    """

    def __init__(self, masters: MasterSequences, length: int) -> None:
        per_master = masters.lengths - length + 1
        self.count = int(per_master.sum())
        self.by_start = sliding_window_view(masters.ids, length)
        self._masters = masters
        self._length = length
        self._first_window = np.cumsum(per_master) - per_master

    def token_ids(self, windows: Indices) -> NDArray:
        """Return the token ids of windows, shape (n, length)."""
        return self.by_start[self.starts(windows)]

    def starts(self, windows: Indices) -> Indices:
        """Return the position among the masters' token ids at which each window begins."""
        if len(self._masters) == 1:
            return self._masters.starts[0] + windows
        master, offset = self.origins(windows).T
        return self._masters.starts[master] + offset

    def origins(self, windows: Indices) -> Indices:
        """Return the master and the offset of each window, shape (n, 2)."""
        master = self.masters(windows)
        return np.stack([master, windows - self._first_window[master]], axis=1)

    def masters(self, windows: Indices) -> Indices:
        """Return the index of each window's master."""
        return np.searchsorted(self._first_window, windows, side="right") - 1

    def of_masters(self, chosen: NDArray[np.bool_]) -> LazyRows:
        """Return the numbers of all windows of some masters, without an array of all of them."""
        chosen = np.flatnonzero(chosen).astype(np.uint32)
        ends = np.cumsum(self._masters.lengths[chosen] - self._length + 1)

        def numbers(places: Indices) -> Indices:
            """Return the numbers of the windows at places among those of the chosen masters."""
            among = np.searchsorted(ends, places, side="right")
            master = chosen[among]
            windows = self._masters.lengths[master] - self._length + 1
            return self._first_window[master] + places - (ends[among] - windows)

        return LazyRows((int(ends[-1]) if len(ends) else 0,), np.dtype(np.int64), numbers)
