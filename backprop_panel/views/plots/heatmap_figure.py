"""The Bokeh figure of a heatmap, as HoloViews makes it and as it is completed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import holoviews as hv
import numpy as np
from bokeh.events import DoubleTap, Tap
from bokeh.models import CustomJS, Quad
from bokeh.plotting import figure

from ..patches.image_canvas import BENEATH
from ..patches.plot_source import replace_source
from .cell_labels import label_cells
from .heatmap_hover import hover_tool

if TYPE_CHECKING:
    from .heatmap import Heatmap

LABEL_BORDER = 18
"""Pixels under a row of heatmaps for the labels of columns."""

_FIGURE_OPTIONS = {
    # Copying fourteen WebGL canvases for each frame takes longer than drawing.
    "output_backend": "canvas",
    # Transparent whatever the page's theme says, as the cells are beneath.
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


def placeholder(hook: Callable[[Any, Any], None]) -> hv.Image:
    """Return an image for HoloViews to plot; the hook gives the plot the heatmap's own cells."""
    return hv.Image(np.zeros((2, 2), np.float32)).opts(
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
        hooks=[hook],
    )


def complete_figure(heatmap: Heatmap, plot: Any) -> None:
    """Put a heatmap's source, colours, ranges, outlines and tools into a plot of HoloViews."""
    plotted, renderer = replace_source(
        plot, heatmap.source, image="image", x="x", y="y", dw="dw", dh="dh",
        origin="top_left", color_mapper=heatmap.mapper, tags=[BENEATH],
    )  # fmt: skip
    plotted.x_range, plotted.y_range = heatmap.axes.x_range, heatmap.axes.y_range
    # Its name finds the plot among the page's models.
    plotted.update(name=heatmap.name, tags=heatmap.companions, **_FIGURE_OPTIONS)
    heatmap.figure = plotted
    heatmap.describe()
    box = Quad(fill_color=None, line_color="color", line_width="width")
    plotted.add_glyph(heatmap.outlines.boxes, box)
    plotted.add_glyph(heatmap.outlines.pointed_at, heatmap.pointer_outline)
    plotted.add_tools(hover_tool(heatmap, renderer))
    # A second tap within 300 ms arrives as a double tap only.
    plotted.on_event(Tap, heatmap.tapped)
    plotted.on_event(DoubleTap, heatmap.tapped)
    plotted.js_on_event(DoubleTap, heatmap.axes.reset_zoom())
    _label_rows_and_columns(heatmap, plotted)
    _remove_invisible_parts(heatmap, plotted)


def repaint_with_labels(heatmap: Heatmap) -> None:
    """Repaint the plot when the labels beside its cells change, as new cells repaint no labels."""
    boxes = heatmap.outlines.boxes
    paint = CustomJS(args={"boxes": boxes}, code="boxes.change.emit()")
    for names, ticks in (
        (heatmap.row_names, heatmap.row_ticks),
        (heatmap.column_names, heatmap.column_ticks),
    ):
        if ticks:
            names.js_on_change("data", paint)


def _label_rows_and_columns(heatmap: Heatmap, plotted: figure) -> None:
    if heatmap.row_ticks:
        heatmap.row_axis = plotted.yaxis[0]
        # A letter's box is higher than the letter.
        label_cells(plotted.yaxis[0], heatmap.row_names, "-tick", heatmap.row_ticks, 16, apart=-2)
        heatmap.label_rows()
    if heatmap.column_ticks:
        label_cells(
            plotted.xaxis[0],
            heatmap.column_names,
            "tick",
            heatmap.column_ticks,
            6,
            apart=heatmap.columns_apart,
        )


def _remove_invisible_parts(heatmap: Heatmap, plotted: figure) -> None:
    """Remove title, grid and bare axes, whose colours Bokeh looks up for each frame."""
    plotted.update(title=None, center=[])
    if not heatmap.row_ticks:
        plotted.left = []
    if not heatmap.column_ticks:
        plotted.below = []
