"""One heatmap: a HoloViews image whose Bokeh source is patched in place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import holoviews as hv
import numpy as np
import panel as pn
from bokeh.events import DoubleTap, Tap
from bokeh.models import (
    ColumnDataSource,
    CustomJS,
    LinearColorMapper,
    Model,
    Quad,
    Range1d,
)
from numpy.typing import NDArray

from ..patches.image_canvas import BENEATH
from ..patches.plot_source import replace_source
from ..patches.weak_hook import weak_hook
from . import revealed_rows
from .cell_labels import label_cells, names_of_cells
from .cell_outlines import CellOutlines
from .colors import NOT_FINITE, Theme
from .downsampling import Lens, Span
from .heatmap_hover import hover_tool

HEATMAP = "bp-heatmap"
"""The CSS class of all heatmaps."""

LABEL_BORDER = 18
"""Pixels under a row of heatmaps for the labels of columns."""

_FIGURE_OPTIONS = {
    # Copying fourteen WebGL canvases for each frame takes longer than drawing.
    "output_backend": "canvas",
    # Transparent whatever the page's theme says: the cells are beneath.
    "background_fill_alpha": 0,
    "border_fill_alpha": 0,
    "outline_line_color": None,
    # The same for all, so that heatmaps side by side have one height.
    "frame_align": False,
    "min_border_left": 1,
    "min_border_right": 1,
    "min_border_top": 1,
    "min_border_bottom": LABEL_BORDER,
}


@dataclass
class Heatmap:
    """A matrix shown as cells.

    The cell in row r and column c is centred on (c, -r). With `bias_name`, a gap sets the last row
    apart.

    Parameters
    ----------
    name : str
        As in ``W2``.
    shape : (int, int)
        Rows and columns of the array, the bias row included.
    theme : Theme
    on_tap : callable, optional
        Called with the row and the column of a cell that is tapped.
    bias_name : str
        The name of the last row where that is a bias, as in ``b2``; else empty.
    row_names, column_names : ColumnDataSource
        Labels of the rows and columns, for the hover and the axes.
    row_ticks, column_ticks : int
        About how many of those labels stand beside the cells; zooming in shows others.
    partner : Heatmap, optional
        The value of which this is the gradient: they share ranges and hover.

    Attributes
    ----------
    source : ColumnDataSource
        The cells. Its name, and its tags such as "difference", are words for the hover.
    other : Heatmap or None
        The gradient of this value, or the value of this gradient.
    outlines : CellOutlines
    images : list of array
        The cells that are sent: one image, or one of the weights and one of the bias.
    companions : list of bokeh Model
        Models that the plot carries into the page.
    """

    name: str
    shape: tuple[int, int]
    theme: Theme
    on_tap: Callable[[int, int], None] | None = None
    bias_name: str = ""
    row_names: ColumnDataSource = field(default_factory=names_of_cells)
    column_names: ColumnDataSource = field(default_factory=names_of_cells)
    row_ticks: int = 0
    column_ticks: int = 0
    partner: Heatmap | None = None
    other: Heatmap | None = field(init=False, default=None, repr=False, compare=False)
    source: ColumnDataSource = field(init=False)
    outlines: CellOutlines = field(init=False, repr=False, compare=False)
    mapper: LinearColorMapper = field(init=False)
    images: list[NDArray[np.float32]] = field(init=False, repr=False, compare=False)
    companions: list[Model] = field(init=False, default_factory=list, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.mapper = LinearColorMapper(palette=self.theme.diverging(), nan_color=NOT_FINITE)
        beside = self.partner and self.partner.outlines
        self.outlines = CellOutlines(self.shape, bool(self.bias_name), self.theme, beside)
        if self.partner:
            self.other, self.partner.other = self.partner, self
            self.x_range, self.y_range = self.partner.x_range, self.partner.y_range
        else:
            self.x_range, self.y_range = Range1d(), Range1d()
            _set_extent(self.x_range, -0.5, self.shape[1] - 0.5)
            _set_extent(self.y_range, self.outlines.bottom, 0.5)
        self._values = np.zeros(self.shape, np.float32)
        self._revealed: revealed_rows.Rows | None = None
        self._lens = self._lens_now()
        self.source = ColumnDataSource(self._columns(), name=self.name)
        for axis_range in (self.x_range, self.y_range):
            axis_range.on_change("start", self._refocus)
            axis_range.on_change("end", self._refocus)
        self._pointer_outline = Quad(fill_color=None, line_color=self.theme.mark)
        if not self.partner:
            self._repaint_with_names()

    @property
    def weight_rows(self) -> int:
        """Rows above the gap."""
        return self.shape[0] - bool(self.bias_name)

    def pane(self) -> pn.pane.HoloViews:
        """Return a new pane with the plot."""
        # A placeholder: the cells are in a source of their own.
        image = hv.Image(np.zeros((2, 2), np.float32)).opts(
            responsive=True,
            min_width=20,
            min_height=60,
            xaxis=None,
            yaxis=None,
            toolbar=None,
            default_tools=[],
            tools=["pan", "wheel_zoom"],
            active_tools=["pan", "wheel_zoom"],
            framewise=False,
            hooks=[weak_hook(self._replace_models)],
        )
        return pn.pane.HoloViews(
            image,
            sizing_mode="stretch_both",
            linked_axes=False,
            margin=0,
            css_classes=[HEATMAP],
        )

    def show(self, values: NDArray[np.floating], limit: float) -> None:
        """Show other values on a scale that ends at ±`limit`."""
        self.take(values, limit)
        self.source.data["image"] = self.images

    def take(self, values: NDArray[np.floating], limit: float) -> None:
        """Take other values; of the same shape, they wait for a `HeatmapBatch` to send them."""
        self._values = values
        if len(values) == self.shape[0]:
            for image, seen in zip(self.images, self._seen(), strict=True):
                image[...] = seen
        else:
            self.shape = values.shape
            self.outlines.resize(self.shape)
            if not self.partner:
                _set_extent(self.y_range, self.outlines.bottom, 0.5)
            self._lens = self._lens_now()
            self.source.data = self._columns()
        if limit != self.mapper.high:
            self.mapper.update(low=-limit, high=limit)

    def reveal(self, rows: revealed_rows.Rows | None) -> None:
        """Show some rows, and a bias if there are any, the others blank; all of them for None."""
        if rows == self._revealed:
            return
        self._revealed = rows
        if self._lens.rows.block > 1:
            self.source.data = self._columns()
        else:
            self.source.data.update(self._revealed_columns())

    def follow(self, theme: Theme) -> None:
        """Take the colours of another theme."""
        self.theme = theme
        self.mapper.palette = theme.diverging()
        self._pointer_outline.line_color = theme.mark
        self.outlines.recolor(theme)

    def _lens_now(self) -> Lens:
        """Return the part of the weights, or of the level, to send for the present view."""
        x, y = self.x_range, self.y_range
        return Lens(
            Span.of(self.weight_rows, 0.5 - y.end, 0.5 - y.start),
            Span.of(self.shape[1], x.start + 0.5, x.end + 0.5),
        )

    def _refocus(self, attribute: str, old: float, new: float) -> None:
        """Send other cells of a matrix with more cells than pixels when the view changes."""
        lens = self._lens_now()
        if lens != self._lens:
            self._lens = lens
            self.source.data = self._columns()

    def _seen(self) -> list[NDArray[np.float32]]:
        """Return the cells to send: one image, or one of the weights and one of the bias."""
        split, lens = self.weight_rows, self._lens
        values = self._values[:split]
        if self._revealed and lens.rows.block > 1:
            values = revealed_rows.only(
                values, self._revealed
            )  # else a block would show its largest row
        images = [lens.through(values)]
        if self.bias_name:
            images.append(Lens(Span(0, 1, 1), lens.columns).through(self._values[split:]))
        return images

    def _columns(self) -> dict[str, list]:
        """Return the columns of the image glyph, and those that locate a cell for the hover."""
        rows, columns = self._lens.rows, self._lens.columns
        parts = [(rows, 0.5 - rows.end)]
        if self.bias_name:
            parts.append((Span(0, 1, 1), self.outlines.bottom))
        # Copies: `take` here and the batch in the browser write into them.
        images = self.images = [image.copy() for image in self._seen()]
        width = columns.block * images[0].shape[1]
        return {
            "image": images,
            "x": [columns.first - 0.5] * len(parts),
            # A last block that is not full reaches beyond the matrix: into the clipped margin.
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
        return revealed_rows.columns_of(
            self._revealed or (0, self.weight_rows), bool(self.bias_name)
        )

    def _replace_models(self, plot: object, element: hv.Element) -> None:
        """Put this heatmap's source, mapper, ranges and outlines into the plot of HoloViews."""
        figure, renderer = replace_source(
            plot, self.source, image="image", x="x", y="y", dw="dw", dh="dh",
            origin="top_left", color_mapper=self.mapper, tags=[BENEATH],
        )  # fmt: skip
        figure.x_range, figure.y_range = self.x_range, self.y_range
        # Its name finds the plot among the page's models.
        figure.update(name=self.name, tags=self.companions, **_FIGURE_OPTIONS)
        figure.add_glyph(
            self.outlines.boxes, Quad(fill_color=None, line_color="color", line_width="width")
        )
        figure.add_glyph(self.outlines.pointed_at, self._pointer_outline)
        figure.add_tools(hover_tool(self, renderer))
        # A second tap within 300 ms arrives as a double tap only.
        figure.on_event(Tap, self._tapped)
        figure.on_event(DoubleTap, self._tapped)
        figure.js_on_event(DoubleTap, self._reset_zoom())
        self._add_axes(figure)
        self._strip(figure)

    def _strip(self, figure: object) -> None:
        """Remove invisible parts: Bokeh looks up the colours of each of them for each frame."""
        figure.update(title=None, center=[])
        if not self.row_ticks:
            figure.left = []
        if not self.column_ticks:
            figure.below = []

    def _repaint_with_names(self) -> None:
        """Repaint the plot when labels beside its cells change: cells alone repaint no labels."""
        boxes = self.outlines.boxes
        paint = CustomJS(args={"boxes": boxes}, code="boxes.change.emit()")
        for names, ticks in (
            (self.row_names, self.row_ticks),
            (self.column_names, self.column_ticks),
        ):
            if ticks:
                names.js_on_change("data", paint)

    def _reset_zoom(self) -> CustomJS:
        return CustomJS(
            args={"x": self.x_range, "y": self.y_range},
            code="x.setv({start: x.reset_start, end: x.reset_end});"
            "y.setv({start: y.reset_start, end: y.reset_end})",
        )

    def _tapped(self, event: Tap) -> None:
        rows, columns = self.shape
        row, column = round(-event.y), round(event.x)
        if self.bias_name and -event.y >= self.weight_rows - 0.5:
            row = self.weight_rows
        if self.on_tap and 0 <= row < rows and 0 <= column < columns:
            self.on_tap(row, column)

    def _add_axes(self, figure: object) -> None:
        if self.row_ticks:
            label_cells(figure.yaxis[0], self.row_names, "-tick", self.row_ticks, most=16)
        if self.column_ticks:
            label_cells(figure.xaxis[0], self.column_names, "tick", self.column_ticks, most=6)


def _set_extent(axis_range: Range1d, start: float, end: float) -> None:
    axis_range.update(start=start, end=end, reset_start=start, reset_end=end)
