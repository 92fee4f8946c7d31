"""The plot of a loss surface: colours, contour lines, a path and points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import holoviews as hv
import numpy as np
import panel as pn
from bokeh.core.properties import field
from bokeh.models import (
    ColorBar,
    ColumnDataSource,
    CustomJSHover,
    FixedTicker,
    HoverTool,
    LinearColorMapper,
    Range1d,
)
from bokeh.plotting import figure
from numpy.typing import NDArray

from ...analysis.loss_surface import FINEST, LossGrid
from ..patches.plot_source import parts_of, replace_source
from ..patches.weak_hook import weak_hook
from .axis_ticks import use_round_ticks
from .cell_labels import LABEL_COLOR
from .colors import LOSS_COLORS, NOT_FINITE, contrasting
from .loss_shades import LossShades
from .numbers import MOST_DIGITS, NUMBER_JS, number
from .plot_style import FULL, TOOLTIP, figure_style
from .table_button import plot_attributes, with_table

CONTOUR_COLORS = [contrasting(color) for color in LOSS_COLORS]
ABOUT = "loss in a plane through the run's weights, and the run's path in it"
PATH_COLORS, PATH_WIDTHS = ("#111418", "#ffffff"), (4.0, 1.8)
"""A white line on a wider dark one, which stands out from all colours of the scale."""

_BAR = {
    "background_fill_alpha": 0,
    "bar_line_color": None,
    "major_label_text_color": LABEL_COLOR,
    "major_label_text_font_size": "11px",
    "major_tick_line_color": "#ffffff",
    "width": 12,
    "padding": 4,
}

_LOSS = f"""
{NUMBER_JS}
return Number.isNaN(value) ? "not computed yet"
  : Number.isFinite(value) ? written(value, 7) : "not finite"
"""
_PLACE = f"{NUMBER_JS} return written(value, 4)"


@dataclass(frozen=True)
class Place:
    """A marked point of the plane, with the text of its hover."""

    x: float
    y: float
    text: str
    marker: str = "circle"
    size: float = 4
    color: str = "#ffffff"


class SurfacePlot:
    """A plot of a loss surface, of which the parts are replaced in place.

    Parameters
    ----------
    name : str
        The name of the figure's model, by which scripts in the page find it.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._ranges = Range1d(0, 1), Range1d(0, 1)
        self.axis_names = ("x", "y")
        self.mapper = LinearColorMapper(
            palette=LOSS_COLORS, nan_color="#00000000", high_color=NOT_FINITE
        )
        self.cells = ColumnDataSource(
            {name: [] for name in ("image", "loss", "at_x", "at_y", "x", "y", "dw", "dh")}
        )
        self.contours = ColumnDataSource({"xs": [], "ys": [], "color": []})
        self.path = ColumnDataSource({"xs": [], "ys": [], "color": [], "width": []})
        self.places = ColumnDataSource(
            {name: [] for name in ("x", "y", "text", "marker", "size", "color")}
        )
        self._levels = FixedTicker(ticks=[])
        self._bar = ColorBar(
            color_mapper=self.mapper, ticker=self._levels, name=f"{name} scale", **_BAR
        )
        self._figure: figure | None = None
        self.pane = pn.pane.HoloViews(
            self._plot(), sizing_mode="stretch_both", linked_axes=False, margin=0
        )

    def with_table(self, **options: Any) -> pn.Column:
        """Return the plot with the button for a table of its numbers, in a column of its own."""
        return with_table(self.pane, self._name, ABOUT, **options)

    def show_losses(self, grid: LossGrid, names: tuple[str, str]) -> LossShades:
        """Show a grid of losses over two directions with these names; return its shades."""
        shades = LossShades(grid)
        left, bottom = (axis[0] - _half_a_cell(axis) for axis in (grid.x, grid.y))
        right, top = (axis[-1] + _half_a_cell(axis) for axis in (grid.x, grid.y))
        with pn.io.hold():
            self.cells.data = {
                "image": [shades.shades(shades.losses)],
                "loss": [shades.losses],
                "at_x": [shades.x],
                "at_y": [shades.y],
                "x": [left],
                "y": [bottom],
                "dw": [right - left],
                "dh": [top - bottom],
            }
            self.mapper.update(low=shades.low, high=max(shades.high, np.nextafter(shades.low, 1e9)))
            contours = shades.contours()
            self.contours.data = {
                "xs": [contour.x for contour in contours],
                "ys": [contour.y for contour in contours],
                "color": [_contour_color(contour.share) for contour in contours],
            }
            self._fit((left, right), (bottom, top))
            self._name_axes(names)
            self._mark_levels(shades)
        return shades

    def show_path(self, points: NDArray[np.floating], places: Sequence[Place]) -> None:
        """Show a path, shape (n, 2), and some marked points; a later one covers earlier ones."""
        with pn.io.hold():
            self.path.data = {
                "xs": [points[:, 0]] * 2,
                "ys": [points[:, 1]] * 2,
                "color": list(PATH_COLORS),
                "width": list(PATH_WIDTHS),
            }
            names = ("x", "y", "text", "marker", "size", "color")
            self.places.data = {name: [getattr(place, name) for place in places] for name in names}

    def _fit(self, *extents: tuple[float, float]) -> None:
        """Show all cells, unless they are those of before: a zoom then stays as it is."""
        for axis, (start, end) in zip(self._ranges, extents, strict=True):
            if (axis.reset_start, axis.reset_end) != (start, end):
                axis.update(start=start, end=end, reset_start=start, reset_end=end)

    def _name_axes(self, names: tuple[str, str]) -> None:
        self.axis_names = names
        if self._figure is not None:
            for axis, name in zip(self._figure.axis, names, strict=True):
                axis.axis_label = name

    def _mark_levels(self, shades: LossShades) -> None:
        """Write the loss of each contour line beside the scale."""
        ticks = shades.shades(np.array(shades.levels)).tolist()
        self._levels.ticks = ticks
        # Changed last: Bokeh draws the scale again for changed labels, not for changed ticks.
        self._bar.major_label_overrides = {
            tick: number(loss, digits=MOST_DIGITS)
            for tick, loss in zip(ticks, shades.levels, strict=True)
        }

    def _plot(self) -> hv.Overlay:
        # Placeholders: the hook gives each plot its source.
        line = [np.array([[0, 0], [1, 1]])]
        names = ["x", "y"]
        image = hv.Image(np.zeros((2, 2)), names)
        overlay = image * hv.Path(line, names) * hv.Path(line, names) * hv.Points([(0, 0)], names)
        return overlay.opts(
            responsive=True,
            min_height=200,
            toolbar=None,
            default_tools=[],
            tools=["wheel_zoom", "pan", "reset"],
            active_tools=["wheel_zoom", "pan"],
            show_legend=False,
            backend_opts=figure_style(self._name, FULL),
            hooks=[weak_hook(self._fill)],
        )

    def _fill(self, plot: Any, element: hv.Element) -> None:
        """Put the sources, the scale, the ranges and the tools into HoloViews' figure."""
        image, contours, path, points = parts_of(plot)
        plotted, cells = replace_source(
            image, self.cells, image="image", x="x", y="y", dw="dw", dh="dh",
            color_mapper=self.mapper,
        )  # fmt: skip
        replace_source(contours, self.contours, xs="xs", ys="ys", line_color="color", line_width=1)
        replace_source(path, self.path, xs="xs", ys="ys", line_color="color", line_width="width")
        _, marks = replace_source(
            points, self.places, x="x", y="y", marker=field("marker"), size=field("size"),
            fill_color=field("color"), line_color="#111418", line_width=1,
        )  # fmt: skip
        plotted.x_range, plotted.y_range = self._ranges
        plotted.html_attributes = plot_attributes(ABOUT)
        plotted.add_layout(self._bar, "right")
        self._figure = plotted
        self._name_axes(self.axis_names)
        for axis in plotted.axis:
            use_round_ticks(plotted, axis, FULL.ticks)
        plotted.add_tools(
            HoverTool(renderers=[marks], tooltips=TOOLTIP.format("@text")),
            HoverTool(
                renderers=[cells],
                tooltips=TOOLTIP.format("loss @loss{custom}<br>at (@at_x{custom}, @at_y{custom})"),
                formatters={
                    "@loss": CustomJSHover(code=_LOSS),
                    **{name: CustomJSHover(code=_PLACE) for name in ("@at_x", "@at_y")},
                },
            ),
        )


def _half_a_cell(axis: NDArray[np.floating]) -> float:
    return float(axis[-1] - axis[0]) / (FINEST - 1) / 2


def _contour_color(share: float) -> str:
    return CONTOUR_COLORS[round(min(max(share, 0), 1) * (len(CONTOUR_COLORS) - 1))]
