"""One heatmap: a HoloViews image whose Bokeh source is patched in place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import panel as pn
from bokeh.core.property.validation import validate
from bokeh.events import Tap
from bokeh.models import Axis, ColumnDataSource, LinearColorMapper, Model, Quad
from numpy.typing import NDArray

from ..patches.weak_hook import weak_hook
from .cell_labels import names_of_cells, ticker_of_cells
from .cell_outlines import CellOutlines
from .color_scales import ColorScale
from .colors import NOT_FINITE, Theme
from .heatmap_axes import HeatmapAxes
from .heatmap_cells import HeatmapCells
from .heatmap_figure import complete_figure, placeholder, repaint_with_labels
from .revealed_rows import Rows
from .table_button import heatmap_attributes

HEATMAP = "bp-heatmap"
"""The CSS class of all heatmaps."""


@dataclass
class Heatmap:
    """A matrix shown as cells.

    With `bias_name`, a gap sets the last row apart.

    Parameters
    ----------
    name : str
        As in ``W2``.
    initial_shape : (int, int)
        Rows and columns of the array at first, the bias row included.
    theme : Theme
    on_tap : callable, optional
        Called with the row and the column of a cell that is tapped.
    about : str
        What its cells are, in words, for screen readers.
    bias_name : str
        The name of the last row where that is a bias, as in ``b2``; else empty.
    row_names, column_names : ColumnDataSource
        Labels of the rows and columns, for the hover and the axes.
    row_ticks, column_ticks : int
        About how many of those labels stand beside the cells; zooming in shows others.
    columns_apart : int
        Pixels at least between two labels of columns; others are left out.
    gradient_of : Heatmap, optional
        The value, if this is its gradient: they share axes and hover.

    Attributes
    ----------
    counterpart : Heatmap or None
        The gradient of this value, or the value of this gradient.
    axes : HeatmapAxes
    outlines : CellOutlines
    cells : HeatmapCells
    mapper : LinearColorMapper
        Its tag is the linear part of a symmetric log scale, by which the cells are coloured.
    pointer_outline : Quad
        The glyph around the cell under the pointer.
    row_axis : bokeh Axis or None
        The axis with the labels of the rows, once the plot is made.
    companions : list of bokeh Model
        Models that the plot carries into the page.
    figure : bokeh Model or None
        The plot, once it is made.
    """

    name: str
    initial_shape: tuple[int, int]
    theme: Theme
    on_tap: Callable[[int, int], None] | None = None
    about: str = ""
    bias_name: str = ""
    row_names: ColumnDataSource = field(default_factory=names_of_cells)
    column_names: ColumnDataSource = field(default_factory=names_of_cells)
    row_ticks: int = 0
    column_ticks: int = 0
    columns_apart: int = 5
    gradient_of: Heatmap | None = None
    counterpart: Heatmap | None = field(init=False, default=None, repr=False, compare=False)
    axes: HeatmapAxes = field(init=False, repr=False, compare=False)
    outlines: CellOutlines = field(init=False, repr=False, compare=False)
    cells: HeatmapCells = field(init=False, repr=False, compare=False)
    mapper: LinearColorMapper = field(init=False)
    pointer_outline: Quad = field(init=False, repr=False, compare=False)
    row_axis: Axis | None = field(init=False, default=None, repr=False, compare=False)
    companions: list[Model] = field(init=False, default_factory=list, repr=False, compare=False)
    figure: Model | None = field(init=False, default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._scale = ColorScale(1.0)
        self._palette: Callable[[Theme], list[str]] = Theme.diverging
        self._example: int | None = None
        self._labelled: tuple[int, int | None] = self.row_ticks, None  # as the axis is made
        with validate(False):  # to check each colour of a palette takes milliseconds
            self.mapper = LinearColorMapper(
                palette=self.theme.diverging(), nan_color=NOT_FINITE, low=-1, high=1
            )
        self.pointer_outline = Quad(fill_color=None, line_color=self.theme.mark)
        has_bias = bool(self.bias_name)
        if self.gradient_of:
            self.counterpart, self.gradient_of.counterpart = self.gradient_of, self
            self.axes = self.gradient_of.axes
            self.outlines = CellOutlines(
                self.initial_shape, has_bias, self.theme, beside=self.axes.outlines
            )
        else:
            self.axes = HeatmapAxes(self.initial_shape, has_bias, self.theme)
            self.outlines = self.axes.outlines
        repaint_with_labels(self)
        self.cells = HeatmapCells(self.name, self.initial_shape, has_bias, self.axes)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the array, the bias row included."""
        return self.cells.shape

    @property
    def source(self) -> ColumnDataSource:
        """The Bokeh source of the cells. The hover shows its name, and tags as "difference"."""
        return self.cells.source

    @property
    def images(self) -> list[NDArray[np.float32]]:
        """The cells that are sent: one image, or one of the weights and one of the bias."""
        return self.cells.images

    @property
    def weight_rows(self) -> int:
        """Rows above the gap."""
        return self.cells.weight_rows

    def pane(self) -> pn.pane.HoloViews:
        """Return a new pane with the plot."""
        image = placeholder(weak_hook(self._complete))
        return pn.pane.HoloViews(
            image,
            sizing_mode="stretch_both",
            linked_axes=False,
            margin=0,
            css_classes=[HEATMAP],
        )

    def show(self, values: NDArray[np.floating], scale: ColorScale) -> None:
        """Show other values on a scale."""
        self.take(values, scale)
        self.source.data["image"] = self.images

    def take(self, values: NDArray[np.floating], scale: ColorScale) -> None:
        """Take other values. Those of the same shape wait until a `HeatmapBatch` sends them."""
        before = self.shape
        self.cells.take(values)
        self.outlines.resize(self.shape)
        if self.shape != before:
            self.describe()
        self._use(scale)

    def rename(self, name: str) -> None:
        """Take another name for hover and screen readers."""
        self.source.name = name
        self.describe()

    def describe(self) -> None:
        """Tell screen readers what is shown, and how many cells there are."""
        if self.figure is not None:
            size = "{} rows by {} columns".format(*self.shape)
            parts = filter(None, [self.source.name, self.about, size])
            self.figure.html_attributes = heatmap_attributes(", ".join(parts))

    def reveal(self, rows: Rows | None, example: int | None = None) -> None:
        """Show some rows, and a bias if there are any; all of them for None.

        The others are dim, or blank if no row is shown. The row of an example alone has a label,
        even before it is shown.
        """
        self.cells.reveal(rows)
        self._example = example
        self.label_rows()

    def label_rows(self) -> None:
        """Label the row of the example, or as many rows as have room."""
        if self.row_axis is None:
            return
        only = None if self._example is None else -self._example
        if (self.row_ticks, only) != self._labelled:
            self._labelled = self.row_ticks, only
            # For a new ticker, Bokeh walks all models of the page: tens of milliseconds.
            self.row_axis.ticker = ticker_of_cells(self.row_ticks, only)

    def recolor(self, theme: Theme) -> None:
        """Take the colours of another theme."""
        if theme is self.theme:
            return  # a new palette takes milliseconds
        self.theme = theme
        self.mapper.update(palette=self._palette(theme), **theme.beyond(self._scale.clipped))
        self.pointer_outline.line_color = theme.mark
        self.axes.recolor(theme)
        self.outlines.recolor(theme)

    def paint(self, palette: Callable[[Theme], list[str]]) -> None:
        """Colour the cells by another palette of the theme."""
        if palette is not self._palette:
            self._palette = palette
            self.mapper.palette = palette(self.theme)

    def _use(self, scale: ColorScale) -> None:
        """Have the browser colour the cells by a scale."""
        if scale == self._scale:
            return
        if scale.clipped != self._scale.clipped:
            self.mapper.update(**self.theme.beyond(scale.clipped))
        self._scale = scale
        tags = [] if scale.linear is None else [scale.linear]
        self.mapper.update(low=-scale.end, high=scale.end, tags=tags)

    def tapped(self, event: Tap) -> None:
        """Call `on_tap` for the cell under a tap."""
        rows, columns = self.shape
        row, column = round(-event.y), round(event.x)
        if self.bias_name and -event.y >= self.weight_rows - 0.5:
            row = self.weight_rows
        if self.on_tap and 0 <= row < rows and 0 <= column < columns:
            self.on_tap(row, column)

    def _complete(self, plot: Any, element: Any) -> None:
        complete_figure(self, plot)
