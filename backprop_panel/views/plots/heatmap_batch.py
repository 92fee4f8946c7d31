"""The cells of many heatmaps, sent to the browser as one array."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from bokeh.models import ColumnDataSource, CustomJS

from .heatmap import Heatmap

_SPREAD = """
// A plain array: parts of an array that has a shape cannot be taken.
const {buffer, byteOffset, length} = batch.data.cells
const cells = new Float32Array(buffer, byteOffset, length)
let at = 0
for (const source of sources) {
  for (const image of source.data.image) {
    image.set(cells.subarray(at, at + image.length))
    at += image.length
  }
}
// All are written before any is drawn: the hover reads a value and its gradient together.
for (const source of sources) {
  if (source.shown_by) source.shown_by.change_cells()
  else source.change.emit()
}
"""


class HeatmapBatch:
    """Sends the cells of many heatmaps in one message.

    Bokeh sends each array in two messages, and a browser needs more time for fifty messages than
    for drawing their cells.

    Parameters
    ----------
    heatmaps : sequence of Heatmap
        The plot of the first carries the batch's source into the page.
    """

    def __init__(self, heatmaps: Sequence[Heatmap]) -> None:
        self._heatmaps = heatmaps
        self._source = ColumnDataSource({"cells": self._cells()})
        sources = [heatmap.source for heatmap in heatmaps]
        self._source.js_on_change(
            "data", CustomJS(args={"batch": self._source, "sources": sources}, code=_SPREAD)
        )
        heatmaps[0].companions.append(self._source)

    def send(self) -> None:
        """Send the cells of every heatmap."""
        self._source.data = {"cells": self._cells()}

    def _cells(self) -> np.ndarray:
        return np.concatenate(
            [image.ravel() for heatmap in self._heatmaps for image in heatmap.images]
        )
