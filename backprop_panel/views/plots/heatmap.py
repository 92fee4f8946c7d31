"""One heatmap: a HoloViews image whose Bokeh source is patched in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from .cell_labels import label_cells, names_of_cells
from .colors import NOT_FINITE, Theme
from .downsampling import Lens, Span
from .heatmap_hover import BIAS_GAP, hover_tool

OUTLINE = "#8888884d"
"""A grey thin enough for light and dark."""

LABEL_BORDER = 18
"""Pixels under a row of heatmaps for the labels of columns."""

_SIDES = ("left", "right", "top", "bottom")

Box = tuple[float, float, float, float]
"""Left, right, top and bottom."""


@dataclass(frozen=True)
class Place:
    """A cell of the map: the heatmap's name, and the cell's row and column in its array."""

    heatmap: str
    row: int
    column: int


@dataclass
class Heatmap:
    """A matrix shown as cells.

    The cell in row r and column c is centred on (c, -r). With `bias`, the last row is set apart
    by a gap.

    Parameters
    ----------
    name : str
        As in ``W2``.
    shape : (int, int)
        Rows and columns of the array, the bias row included.
    bias : bool
        Whether the last row is a bias.
    row_names, column_names : ColumnDataSource
        What each row and column stands for, for the hover and the axes.
    row_ticks, column_ticks : int
        How many of those labels stand beside the cells, about; zooming in shows others.
    partner : Heatmap, optional
        The value of which this is the gradient: it shares ranges and hover with it.

    Attributes
    ----------
    source : ColumnDataSource
        What is drawn; its tags are words for the hover, as "difference" is where that is shown.
    other : Heatmap or None
        The gradient of this value, or the value of this gradient.
    boxes : ColumnDataSource
        The outline of the cells and the frames of what is marked.
    pointed_at : ColumnDataSource
        The frame of the cell under the pointer.
    images : list of array
        What is sent of the values: one image, or that of the weights and that of the bias.
    companions : list of bokeh Model
        What the plot carries into the page with it.
    """

    name: str
    shape: tuple[int, int]
    theme: Theme
    on_tap: Callable[[Place], None]
    bias: bool = False
    row_names: ColumnDataSource = field(default_factory=names_of_cells)
    column_names: ColumnDataSource = field(default_factory=names_of_cells)
    row_ticks: int = 0
    column_ticks: int = 0
    partner: Heatmap | None = None
    other: Heatmap | None = field(init=False, default=None, repr=False, compare=False)
    source: ColumnDataSource = field(init=False)
    boxes: ColumnDataSource = field(init=False)
    mapper: LinearColorMapper = field(init=False)
    images: list[NDArray[np.float32]] = field(init=False, repr=False, compare=False)
    companions: list[Model] = field(init=False, default_factory=list, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.mapper = LinearColorMapper(palette=self.theme.diverging(), nan_color=NOT_FINITE)
        self._marks: list[Box] = []
        if self.partner:
            self.other, self.partner.other = self.partner, self
            self.x_range, self.y_range = self.partner.x_range, self.partner.y_range
            self.boxes, self.pointed_at = self.partner.boxes, self.partner.pointed_at
        else:
            self.x_range, self.y_range = Range1d(), Range1d()
            self.boxes = ColumnDataSource(self._outlines_and_marks())
            self.pointed_at = ColumnDataSource(_sides([]))
            _set_extent(self.x_range, -0.5, self.shape[1] - 0.5)
            _set_extent(self.y_range, 0.5 - self._height, 0.5)
        self._values = np.zeros(self.shape, np.float32)
        self._lens = self._lens_now()
        self.source = ColumnDataSource(self._columns())
        for axis_range in (self.x_range, self.y_range):
            axis_range.on_change("start", self._refocus)
            axis_range.on_change("end", self._refocus)
        self._frame = Quad(fill_color=None, line_color=self.theme.mark)
        if not self.partner:
            self._label_anew_with_names()

    @property
    def weight_rows(self) -> int:
        """Rows above the gap."""
        return self.shape[0] - self.bias

    @property
    def _height(self) -> float:
        return self.shape[0] + BIAS_GAP * self.bias

    def pane(self) -> pn.pane.HoloViews:
        """Return the plot, made once."""
        # A stand-in: the cells are in a source of their own.
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
            hooks=[weak_hook(self._take_over)],
        )
        return pn.pane.HoloViews(image, sizing_mode="stretch_both", linked_axes=False, margin=0)

    def show(self, values: NDArray[np.floating], limit: float) -> None:
        """Show other values; ±`limit` are the ends of the scale."""
        self.take(values, limit)
        self.source.data["image"] = self.images

    def take(self, values: NDArray[np.floating], limit: float) -> None:
        """Take other values to show; unless there are more or fewer, a `Frame` sends them."""
        self._values = values
        if len(values) == self.shape[0]:
            for image, seen in zip(self.images, self._seen(), strict=True):
                image[...] = seen
        else:
            self.shape = values.shape
            if not self.partner:
                _set_extent(self.y_range, 0.5 - self._height, 0.5)
                self.boxes.data = self._outlines_and_marks()
            self._lens = self._lens_now()
            self.source.data = self._columns()
        if limit != self.mapper.high:
            self.mapper.update(low=-limit, high=limit)

    def mark(
        self, rows: Sequence[int] = (), columns: Sequence[int] = (), cell: Place | None = None
    ) -> None:
        """Frame whole rows, whole columns and one cell, and nothing else.

        The gradient of this value is framed alike.
        """
        width = self.shape[1]
        boxes = [(-0.5, width - 0.5, self._top(row), self._top(row) - 1) for row in rows]
        boxes += [(column - 0.5, column + 0.5, 0.5, 0.5 - self._height) for column in columns]
        if cell:
            top = self._top(cell.row)
            boxes.append((cell.column - 0.5, cell.column + 0.5, top, top - 1))
        self._marks = boxes
        self.boxes.data = self._outlines_and_marks()

    def follow(self, theme: Theme) -> None:
        """Take the colours of another theme."""
        self.theme = theme
        self.mapper.palette = theme.diverging()
        self._frame.line_color = theme.mark
        if not self.partner:
            self.boxes.data = self._outlines_and_marks()

    def _top(self, row: int) -> float:
        return 0.5 - row - (BIAS_GAP if self.bias and row == self.weight_rows else 0)

    def _lens_now(self) -> Lens:
        """Return what is to be sent of the weights, or of the level, for what is in view."""
        x, y = self.x_range, self.y_range
        return Lens(
            Span.of(self.weight_rows, 0.5 - y.end, 0.5 - y.start),
            Span.of(self.shape[1], x.start + 0.5, x.end + 0.5),
        )

    def _refocus(self, attribute: str, old: float, new: float) -> None:
        """Send what has come into view of a matrix with more cells than there are pixels."""
        lens = self._lens_now()
        if lens != self._lens:
            self._lens = lens
            self.source.data = self._columns()

    def _seen(self) -> list[NDArray[np.float32]]:
        """Return what is seen of the values: one image, or that of the weights and of the bias."""
        split, lens = self.weight_rows, self._lens
        images = [lens.through(self._values[:split])]
        if self.bias:
            images.append(Lens(Span(0, 1, 1), lens.columns).through(self._values[split:]))
        return images

    def _columns(self) -> dict[str, list]:
        """Return the image glyph's columns, and what the hover needs to find a cell in them."""
        rows, columns = self._lens.rows, self._lens.columns
        parts = [(rows, 0.5 - rows.end)]
        if self.bias:
            parts.append((Span(0, 1, 1), 0.5 - self._height))
        # Copies: they are written over in place, by `take` here and by the frame in the browser.
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
        }

    def _take_over(self, plot: object, element: hv.Element) -> None:
        """Put this heatmap's source, mapper, ranges and marks into the plot HoloViews made."""
        figure, renderer = replace_source(
            plot, self.source, image="image", x="x", y="y", dw="dw", dh="dh",
            origin="top_left", color_mapper=self.mapper, tags=[BENEATH],
        )  # fmt: skip
        figure.x_range, figure.y_range = self.x_range, self.y_range
        figure.update(
            # By which it is found among the page's models.
            name=self.name,
            tags=self.companions,
            # Fourteen WebGL canvases are copied for each frame, which takes longer than drawing.
            output_backend="canvas",
            # Clear, whatever colour the page's theme gives: the cells are beneath.
            background_fill_alpha=0,
            border_fill_alpha=0,
            outline_line_color=None,
            # Alike for all, so that frames side by side end alike.
            frame_align=False,
            min_border_left=1,
            min_border_right=1,
            min_border_top=1,
            min_border_bottom=LABEL_BORDER,
        )
        figure.add_glyph(self.boxes, Quad(fill_color=None, line_color="color"))
        figure.add_glyph(self.pointed_at, self._frame)
        figure.add_tools(hover_tool(self, renderer))
        # A second tap within 300 ms comes as a double tap alone.
        figure.on_event(Tap, self._tapped)
        figure.on_event(DoubleTap, self._tapped)
        figure.js_on_event(DoubleTap, self._reset_zoom())
        self._add_axes(figure)
        self._strip(figure)

    def _strip(self, figure: object) -> None:
        """Take away what is not seen: Bokeh looks up the colours of all of it for each frame."""
        figure.update(title=None, center=[])
        if not self.row_ticks:
            figure.left = []
        if not self.column_ticks:
            figure.below = []

    def _label_anew_with_names(self) -> None:
        """Have the plot painted when what stands beside its cells changes: its cells do not ask."""
        paint = CustomJS(args={"boxes": self.boxes}, code="boxes.change.emit()")
        for names, ticks in (
            (self.row_names, self.row_ticks),
            (self.column_names, self.column_ticks),
        ):
            if ticks:
                names.js_on_change("data", paint)

    def _outlines_and_marks(self) -> dict[str, list]:
        """Return all boxes; the cells are outlined so that a bias of zeros is seen to be there."""
        right, bottom = self.shape[1] - 0.5, 0.5 - self._height
        outlines: list[Box] = [(-0.5, right, 0.5, 0.5 - self.weight_rows)]
        if self.bias:
            outlines.append((-0.5, right, bottom + 1, bottom))
        colors = [OUTLINE] * len(outlines) + [self.theme.mark] * len(self._marks)
        return _sides([*outlines, *self._marks]) | {"color": colors}

    def _reset_zoom(self) -> CustomJS:
        return CustomJS(
            args={"x": self.x_range, "y": self.y_range},
            code="x.setv({start: x.reset_start, end: x.reset_end});"
            "y.setv({start: y.reset_start, end: y.reset_end})",
        )

    def _tapped(self, event: Tap) -> None:
        rows, columns = self.shape
        row, column = round(-event.y), round(event.x)
        if self.bias and -event.y >= self.weight_rows - 0.5:
            row = self.weight_rows
        if 0 <= row < rows and 0 <= column < columns:
            self.on_tap(Place(self.name, row, column))

    def _add_axes(self, figure: object) -> None:
        if self.row_ticks:
            label_cells(figure.yaxis[0], self.row_names, "-tick", self.row_ticks, most=16)
        if self.column_ticks:
            label_cells(figure.xaxis[0], self.column_names, "tick", self.column_ticks, most=6)


def _sides(boxes: Sequence[Box]) -> dict[str, list[float]]:
    """Return boxes as the columns of a source."""
    return {side: [box[place] for box in boxes] for place, side in enumerate(_SIDES)}


def _set_extent(axis_range: Range1d, start: float, end: float) -> None:
    axis_range.update(start=start, end=end, reset_start=start, reset_end=end)
