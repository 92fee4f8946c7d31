"""Curves: a HoloViews path plot whose Bokeh source is replaced in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import nan, pi
from typing import Any

import holoviews as hv
import numpy as np
import panel as pn
from bokeh.core.properties import field
from bokeh.events import RangesUpdate, Reset, Tap
from bokeh.models import (
    ColumnDataSource,
    CustomJSHover,
    DataRange1d,
    GlyphRenderer,
    HoverTool,
    Range1d,
    VSpan,
    WheelZoomTool,
)
from bokeh.plotting import figure

from ..patches.plot_source import replace_source
from ..patches.weak_hook import weak_hook
from .axis_ticks import use_round_ticks
from .line_names import LineNames
from .line_source import Line, LineSource, show_columns
from .numbers import NUMBER_JS
from .plot_edges import EdgeMark, beyond_edges, within_edges
from .plot_style import FULL, TOOLTIP, Look, figure_style
from .table_button import plot_attributes, table_button, with_table

MARKER_COLOR = "#e8590c"

_EXACT = f"""{NUMBER_JS}
const {{low: [low], high: [high]}} = limits.data
return (value >= high ? "at least " : value <= low ? "at most " : "") + written(value, 7)"""
"""What is pointed at: all digits that tell one float32 from the next, in the format of the page."""


@dataclass(frozen=True)
class Marker:
    """A point on a line with a text: what happened at that step."""

    step: int
    y: float
    text: str


class Curves:
    """A plot of lines that keeps its zoom while they change.

    Parameters
    ----------
    name : str
        The name of the figure's model, by which scripts in the page find it.
    log_y : bool
    log_x : bool
    look : Look
    names : (str, str)
        The labels of the axes, also in the hover.
    from_zero : bool
        Whether the y axis starts at zero, for values that are never below.
    on_tap : callable, optional
        Called with the step at which the plot is clicked.
    on_zoom : callable, optional
        Called when the range of visible steps has changed.
    about : str
        What the plot shows, for screen readers; by default its axes.

    Attributes
    ----------
    window : (float, float) or None
        The visible steps, if the plot was zoomed or panned.
    """

    def __init__(
        self,
        name: str,
        log_y: bool = False,
        log_x: bool = False,
        look: Look = FULL,
        names: tuple[str, str] = ("step", "loss"),
        from_zero: bool = False,
        on_tap: Callable[[int], None] | None = None,
        on_zoom: Callable[[], None] | None = None,
        about: str = "",
    ) -> None:
        self._name = name
        self.about = about or f"{names[1]} over {names[0]}"
        self._log_x = log_x
        self._look = look
        self._names = names
        self._from_zero = from_zero
        self._on_tap = on_tap
        self._on_zoom = on_zoom
        self.window: tuple[float, float] | None = None
        self._source = LineSource()
        self._markers = ColumnDataSource(_markers([]))
        self._edges = ColumnDataSource(_edges([]))
        self._limits = ColumnDataSource(_limits(None, None))
        # The table of the numbers has them as they are.
        self._beyond = ColumnDataSource(beyond_edges([], None, None), name="beyond the edges")
        self._line_names = LineNames()
        self._now = ColumnDataSource({"x": []})
        self._extent = Range1d(0, 1)
        self.pane = pn.pane.HoloViews(
            self._plot(log_y), sizing_mode="stretch_both", linked_axes=False, margin=0
        )

    def table_button(self) -> str:
        """Return the button for a table of the plot's numbers, as HTML."""
        return table_button(self._name, self.about)

    def with_table(self, **options: Any) -> pn.Column:
        """Return the plot with the button for a table of its numbers, in a column of its own."""
        return with_table(self.pane, self._name, self.about, **options)

    def show(
        self,
        lines: Sequence[Line],
        now: int | None = None,
        events: Sequence[Marker] = (),
        end: int = 1,
        lowest: float | None = None,
        highest: float | None = None,
    ) -> None:
        """Show these lines.

        Parameters
        ----------
        lines : sequence of Line
        now : int, optional
            A step to mark with a vertical line.
        events : sequence of Marker
            Points on the lines with a text each.
        end : int
            The last step of a plot without axes; others end with their lines, or as zoomed.
        lowest, highest : float, optional
            The edges: numbers beyond are drawn there, and marked.
        """
        lines = [line for line in lines if len(line.x) or line.not_finite]
        drawn, marks = within_edges(lines, lowest, highest)
        with pn.io.hold():
            self._source.show([line for line in drawn if len(line.x)])
            beyond = beyond_edges([line for line in lines if len(line.x)], lowest, highest)
            show_columns(self._beyond, beyond)
            show_columns(self._edges, _edges(marks))
            show_columns(self._limits, _limits(lowest, highest))
            self._line_names.show(drawn)
            show_columns(self._now, {"x": [] if now is None else [now]})
            show_columns(self._markers, _markers(events))
            self._extent.end = end

    def use_log_axis(self, log_y: bool) -> None:
        """Show the loss on a logarithmic axis, or a linear one; the lines are shown again then."""
        self.pane.object = self._plot(log_y)

    def _plot(self, log_y: bool) -> hv.Path:
        has_axes, has_tools = self._look.axes, self._look.tools
        axes = {} if has_axes else {"xaxis": None, "yaxis": None}
        # A rising line: for a level one, HoloViews makes a logarithmic axis that starts below zero.
        return hv.Path([np.array([[0.1, 0.1], [1, 1]])], list(self._names)).opts(
            responsive=True,
            min_height=60,
            logx=self._log_x,
            logy=log_y,
            toolbar=None,
            default_tools=[],
            tools=["xwheel_zoom", "pan", "reset"] if has_tools else [],
            active_tools=["xwheel_zoom", "pan"] if has_tools else [],
            show_grid=has_axes,
            backend_opts=figure_style(self._name, self._look),
            # HoloViews computes ranges from the element's data, which is a placeholder, and keeps
            # options until the element is collected: a Bokeh model in them would keep the page.
            hooks=[weak_hook(self._fill)],
            **axes,
        )

    def _fill(self, plot: Any, element: hv.Element) -> None:
        """Put the sources, ranges and tools of these curves into HoloViews' figure."""
        figure, renderer = replace_source(
            plot, self._source.lines, xs="xs", ys="ys",
            line_color="color", line_dash=field("dash"), line_width="width", line_cap=field("cap"),
        )  # fmt: skip
        of_steps = self._names[0] == "step"
        for axis in figure.axis:
            is_below = axis in figure.xaxis
            use_round_ticks(figure, axis, self._look.ticks, whole=of_steps and is_below)
        if self._look.wheel_scrolls:
            for wheel in figure.select(WheelZoomTool):
                wheel.modifiers = "ctrl"
        whole = DataRange1d(range_padding=0, renderers=[renderer])
        figure.x_range = whole if self._look.axes else self._extent
        start = 0 if self._from_zero else nan
        figure.y_range = DataRange1d(renderers=[renderer], start=start)
        figure.add_glyph(self._now, VSpan(x="x", line_color="#888", line_width=1.5))
        self._line_names.add_to(figure)
        figure.add_tools(self._add_markers(figure), self._add_edges(figure), self._hover(renderer))
        companions = [*self._source.companions, self._beyond]
        # For the table of the numbers: a small plot has no labels.
        names = {"axes": list(self._names)}
        figure.update(tags=[*companions, names], html_attributes=plot_attributes(self.about))
        self._listen(figure)

    def _listen(self, figure: figure) -> None:
        """Follow zooms and clicks.

        By Bokeh's events: HoloViews' `Tap` ignores a second tap at one place (holoviews#5074).
        """
        if self._on_zoom:
            figure.on_event(RangesUpdate, self._zoomed)
            figure.on_event(Reset, self._zoomed)
        if self._on_tap:
            figure.on_event(Tap, lambda event: self._on_tap(round(event.x)))

    def _zoomed(self, event: RangesUpdate | Reset) -> None:
        window = (event.x0, event.x1) if isinstance(event, RangesUpdate) else None
        if window != self.window:
            self.window = window
            self._on_zoom()

    def _add_markers(self, figure: figure) -> HoverTool:
        """Draw the markers; return their hover."""
        renderer = figure.scatter(
            x="x", y="y", source=self._markers, marker="diamond", size=9,
            fill_color=MARKER_COLOR, line_color=None,
        )  # fmt: skip
        text = TOOLTIP.format("step @x{0,0}<br>changed: @what")
        return HoverTool(renderers=[renderer], tooltips=text)

    def _add_edges(self, figure: figure) -> HoverTool:
        """Draw the marks at the edges; return their hover."""
        renderer = figure.scatter(
            x="x", y="y", angle="angle", source=self._edges, marker="triangle", size=9,
            fill_color="color", line_color=None,
        )  # fmt: skip
        return HoverTool(renderers=[renderer], tooltips=TOOLTIP.format("@text<br>step @x{0,0}"))

    def _hover(self, renderer: GlyphRenderer) -> HoverTool:
        across, up = self._names
        # The nearest point of the line, and not the place of the pointer.
        x = "$snap_x{0,0}" if across == "step" else "$snap_x{custom}"
        text = f"@label<br>{across} {x}<br>{up} $snap_y{{custom}}<br>@about"
        return HoverTool(
            renderers=[renderer],
            line_policy="nearest",
            tooltips=TOOLTIP.format(text) if self._look.tools else None,
            formatters={
                name: CustomJSHover(args={"limits": self._limits}, code=_EXACT)
                for name in (["$snap_y"] if across == "step" else ["$snap_x", "$snap_y"])
            },
        )


def _edges(marks: Sequence[EdgeMark]) -> dict[str, list]:
    """Return the marks at the edges as columns."""
    return {
        "x": [mark.x for mark in marks],
        "y": [mark.y for mark in marks],
        "angle": [0.0 if mark.above else pi for mark in marks],
        "color": [mark.color for mark in marks],
        "text": [mark.text for mark in marks],
    }


def _markers(events: Sequence[Marker]) -> dict[str, list]:
    """Return points with a text each as columns."""
    return {
        "x": [marker.step for marker in events],
        "y": [marker.y for marker in events],
        "what": [marker.text for marker in events],
    }


def _limits(lowest: float | None, highest: float | None) -> dict[str, list[float]]:
    """Return the edges of a plot as columns: a number at one of them lies there or beyond."""
    return {
        "low": [nan if lowest is None else lowest],
        "high": [nan if highest is None else highest],
    }
