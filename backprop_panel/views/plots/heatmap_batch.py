"""The cells of many heatmaps on their way to the browser, as one array."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from bokeh.models import ColumnDataSource, CustomJS

from .heatmap import Heatmap

_SPREAD = """
// Without its shape, which a part of it could not have.
const {buffer, byteOffset, length} = frame.data.cells
const cells = new Float32Array(buffer, byteOffset, length)
let at = 0
for (const source of sources) {
  for (const image of source.data.image) {
    image.set(cells.subarray(at, at + image.length))
    at += image.length
  }
}
// All of them first: the pointer is told of a value and its gradient together.
for (const source of sources) {
  if (source.shown_by) source.shown_by.change_cells()
  else source.change.emit()
}
"""


class Frame:
    """Sends what heatmaps show in one piece.

    Bokeh sends every array in two messages of its own, and a browser is longer busy with fifty
    messages than with drawing what is in them.

    Parameters
    ----------
    heatmaps : sequence of Heatmap
        All that are shown; the first one's plot carries the frame into the page.
    """

    def __init__(self, heatmaps: Sequence[Heatmap]) -> None:
        self._heatmaps = heatmaps
        self._source = ColumnDataSource({"cells": self._cells()})
        sources = [heatmap.source for heatmap in heatmaps]
        self._source.js_on_change(
            "data", CustomJS(args={"frame": self._source, "sources": sources}, code=_SPREAD)
        )
        heatmaps[0].companions.append(self._source)

    def send(self) -> None:
        """Send what every heatmap was given to show."""
        self._source.data = {"cells": self._cells()}

    def _cells(self) -> np.ndarray:
        return np.concatenate(
            [image.ravel() for heatmap in self._heatmaps for image in heatmap.images]
        )
