"""The cells of a heatmap that are sent to the browser."""

from __future__ import annotations

import numpy as np
from bokeh.models import ColumnDataSource
from numpy.typing import NDArray

from . import revealed_rows
from .downsampling import Lens, Span
from .heatmap_axes import HeatmapAxes


class HeatmapCells:
    """The values of a matrix, and a Bokeh source of its cells at the screen's resolution.

    Parameters
    ----------
    name : str
        What the hover calls the matrix.
    shape : (int, int)
        Rows and columns of the matrix, the bias row included.
    has_bias : bool
        Whether the last row is a bias, set apart by a gap.
    axes : HeatmapAxes

    Attributes
    ----------
    source : ColumnDataSource
    images : list of array
        The cells that are sent: one image, or one of the weights and one of the bias.
    """

    def __init__(
        self, name: str, shape: tuple[int, int], has_bias: bool, axes: HeatmapAxes
    ) -> None:
        self.shape = shape
        self._has_bias = has_bias
        self._axes = axes
        self._values: NDArray[np.floating] = np.zeros(shape, np.float32)
        self._revealed: revealed_rows.Rows | None = None
        self._lens = self._lens_now()
        self.images: list[NDArray[np.float32]] = []
        self.source = ColumnDataSource(self._columns(), name=name)
        axes.on_zoom(self._send_if_zoomed)

    @property
    def weight_rows(self) -> int:
        """Rows above the gap."""
        return self.shape[0] - self._has_bias

    def take(self, values: NDArray[np.floating]) -> None:
        """Take other values. Those of the same shape wait until a `HeatmapBatch` sends them."""
        self._values = values
        if len(values) == self.shape[0]:
            for image, seen in zip(self.images, self._seen(), strict=True):
                image[...] = seen
        else:
            self.shape = values.shape
            self._axes.resize(self.shape)
            self._send()

    def reveal(self, rows: revealed_rows.Rows | None) -> None:
        """Show some rows, and a bias if there are any, the others dim; all of them for None."""
        if rows == self._revealed:
            return
        self._revealed = rows
        if self._lens.rows.block > 1:
            self.source.data = self._columns()
        else:
            self.source.data.update(self._revealed_columns())

    def _send_if_zoomed(self, attribute: str, old: float, new: float) -> None:
        """Send other cells of a matrix with more cells than pixels when the view changes."""
        if self._lens_now() != self._lens:
            self._send()

    def _send(self) -> None:
        self._lens = self._lens_now()
        self.source.data = self._columns()

    def _lens_now(self) -> Lens:
        return self._axes.lens(self.weight_rows, self.shape[1])

    def _seen(self) -> list[NDArray[np.float32]]:
        """Return the cells to send: one image, or one of the weights and one of the bias."""
        split, lens = self.weight_rows, self._lens
        values = self._values[:split]
        if self._revealed and lens.rows.block > 1:  # else a block would show its largest row
            values = revealed_rows.only(values, self._revealed)
        images = [lens.through(values)]
        if self._has_bias:
            images.append(Lens(Span(0, 1, 1), lens.columns).through(self._values[split:]))
        return images

    def _columns(self) -> dict[str, list]:
        """Return the columns of the image glyph, and those that locate a cell for the hover."""
        rows, columns = self._lens.rows, self._lens.columns
        parts = [(rows, 0.5 - rows.end)]
        if self._has_bias:
            parts.append((Span(0, 1, 1), self._axes.outlines.bottom))
        # Copies, since `take` here and the batch in the browser write into them.
        images = self.images = [image.copy() for image in self._seen()]
        width = columns.block * images[0].shape[1]
        return {
            "image": images,
            "x": [columns.first - 0.5] * len(parts),
            # A last block that is not full reaches beyond the matrix, into the clipped margin.
            "y": [
                bottom + (span.end - span.first) - span.block * len(image)
                for (span, bottom), image in zip(parts, images, strict=True)
            ],
            "dw": [width] * len(parts),
            "dh": [span.block * len(image) for (span, _), image in zip(parts, images, strict=True)],
            "first_row": [span.first for span, _ in parts],
            "row_block": [span.block for span, _ in parts],
            "first_column": [columns.first] * len(parts),
            "column_block": [columns.block] * len(parts),
            "rows": [self.weight_rows] * len(parts),
            **self._revealed_columns(),
        }

    def _revealed_columns(self) -> dict[str, list]:
        revealed = self._revealed or (0, self.weight_rows)
        return revealed_rows.columns_of(revealed, self._has_bias)
