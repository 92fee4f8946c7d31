"""Curves: one HoloViews path plot whose Bokeh source is replaced in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any

import holoviews as hv
import numpy as np
import panel as pn
from bokeh.core.properties import field
from bokeh.events import RangesUpdate, Reset, Tap
from bokeh.models import (
    Axis,
    ColumnDataSource,
    CustomJS,
    CustomJSTickFormatter,
    DataRange1d,
    HoverTool,
    Range1d,
    VSpan,
)
from numpy.typing import NDArray

from ..patches.plot_source import replace_source
from ..patches.weak_hook import weak_hook
from .cell_labels import LABEL_COLOR

DOT, DOT_STEPS = 5, 0.2
"""How thick, and how many steps to each side, a line is that has only one point so far."""

EVENT_COLOR = "#e8590c"


_SPREAD = """
const {length: lengths, ...styles} = styles_source.data
const {buffer, byteOffset, length} = points.data.values
const values = new Float64Array(buffer, byteOffset, length)
let at = 0
const next = (length) => values.slice(at, at += length)
const xs = [...lengths].map(next)
const ys = [...lengths].map(next)
// It comes from the server, which need not be told.
lines.setv({data: {xs, ys, ...styles}}, {sync: false, check_eq: false})
"""


_SMALL = '<div style="font-size: 12px">{}</div>'
"""A hover's text, by itself larger than any other on the page."""

_NAME_TICK = """
// Bokeh would name the power of ten that is nearest, or small numbers by more digits than there is
// room for.
const number = Number(tick.toPrecision(12)), size = Math.abs(number)
return number && (size < 1e-3 || size >= 1e7) ? number.toExponential()
  : number.toLocaleString("en", {maximumSignificantDigits: 12})
"""


@dataclass(frozen=True)
class Line:
    """One curve: where it goes, how it looks, and what its hover says."""

    x: NDArray
    y: NDArray
    color: str
    label: str
    about: str = ""
    dash: str = "solid"
    width: float = 1.5


@dataclass(frozen=True)
class Happening:
    """Something that was done at a step, and how high it stands."""

    step: int
    y: float
    what: str


@dataclass(frozen=True)
class Look:
    """How much of a plot there is beside its lines.

    Parameters
    ----------
    axes : bool
        Whether it has axes, and can be zoomed.
    named : bool
        Whether the axes have their names.
    font : str
        The size of the numbers on them.
    left : int
        Pixels at the left for those.
    ticks : int
        About how many numbers stand on an axis.
    """

    axes: bool = True
    named: bool = True
    font: str = "11px"
    left: int = 50
    ticks: int = 6


FULL = Look()
COMPACT = Look(named=False, font="9px", left=40, ticks=3)
BARE = Look(axes=False, named=False, left=4)


class Curves:
    """A plot of lines that keeps its zoom while they change.

    Parameters
    ----------
    name : str
        By which it is found among the page's models.
    log_y : bool
    look : Look
    names : (str, str)
        What stands on the axes and in the hover.
    from_zero : bool
        Whether the axis begins at zero, for what is never below.
    on_tap : callable, optional
        Called with the step at which the plot is clicked.
    on_zoom : callable, optional
        Called when other steps have come into view.

    Attributes
    ----------
    window : (float, float) or None
        The steps that are in view, if the plot was zoomed or moved.
    """

    def __init__(
        self,
        name: str,
        log_y: bool = False,
        look: Look = FULL,
        names: tuple[str, str] = ("step", "loss"),
        from_zero: bool = False,
        on_tap: Callable[[int], None] | None = None,
        on_zoom: Callable[[], None] | None = None,
    ) -> None:
        self._name = name
        self._look = look
        self._names = names
        self._from_zero = from_zero
        self._on_tap = on_tap
        self._on_zoom = on_zoom
        self.window: tuple[float, float] | None = None
        self._events = ColumnDataSource({"x": [], "y": [], "what": []})
        self._extent = Range1d(0, 1)
        self._source = ColumnDataSource(_columns([]))
        self._styles = ColumnDataSource()
        self._points = ColumnDataSource()
        self._points.js_on_change(
            "data",
            CustomJS(
                args={"points": self._points, "styles_source": self._styles, "lines": self._source},
                code=_SPREAD,
            ),
        )
        self._now = ColumnDataSource({"x": []})
        self.pane = pn.pane.HoloViews(
            self._plot(log_y), sizing_mode="stretch_both", linked_axes=False, margin=0
        )

    def show(
        self,
        lines: Sequence[Line],
        now: int | None = None,
        events: Sequence[Happening] = (),
        end: int = 1,
    ) -> None:
        """Show these lines.

        Parameters
        ----------
        lines : sequence of Line
        now : int, optional
            A step to mark.
        events : sequence of Happening
            Points on the lines that say what happened there.
        end : int
            Where a plot without axes ends; others end where their lines do, or as zoomed.
        """
        with pn.io.hold():
            self._show_lines([line for line in lines if len(line.x)])
            self._now.data = {"x": [] if now is None else [now]}
            self._events.data = {
                "x": [event.step for event in events],
                "y": [event.y for event in events],
                "what": [event.what for event in events],
            }
            self._extent.end = end

    def _show_lines(self, lines: Sequence[Line]) -> None:
        """Show these lines; once the plot is on a page, all points go there as one array.

        Bokeh sends every array in messages of its own: fifty curves would take seconds.
        """
        columns = _columns(lines)
        if self._source.document is None:
            self._source.data = columns
            return
        xs, ys = columns.pop("xs"), columns.pop("ys")
        self._styles.data = columns | {"length": [len(x) for x in xs]}
        self._points.data = {"values": np.concatenate([*xs, *ys])}

    def use_log_axis(self, log_y: bool) -> None:
        """Show the loss on a logarithmic axis, or a linear one."""
        self.pane.object = self._plot(log_y)

    def _plot(self, log_y: bool) -> hv.Path:
        has_axes = self._look.axes
        axes = {} if has_axes else {"xaxis": None, "yaxis": None}
        # A rising line: of a level one HoloViews makes a logarithmic axis that reaches below zero.
        return hv.Path([np.array([[0, 0.1], [1, 1]])], list(self._names)).opts(
            responsive=True,
            min_height=60,
            logy=log_y,
            toolbar=None,
            default_tools=[],
            tools=["xwheel_zoom", "pan", "reset"] if has_axes else [],
            active_tools=["xwheel_zoom", "pan"] if has_axes else [],
            show_grid=has_axes,
            hooks=[weak_hook(self._take_over)],
            **axes,
        )

    def _zoomed(self, event: RangesUpdate | Reset) -> None:
        window = (event.x0, event.x1) if isinstance(event, RangesUpdate) else None
        if window != self.window:
            self.window = window
            self._on_zoom()

    def _take_over(self, plot: Any, element: hv.Element) -> None:
        """Put this plot's sources, ranges and tools into the figure HoloViews made."""
        figure, renderer = replace_source(
            plot, self._source, xs="xs", ys="ys",
            line_color="color", line_dash=field("dash"), line_width="width",
        )  # fmt: skip
        for axis in figure.axis:
            self._dress(axis)
        whole = DataRange1d(range_padding=0, renderers=[renderer])
        figure.x_range = whole if self._look.axes else self._extent
        start = 0 if self._from_zero else nan
        figure.y_range = DataRange1d(renderers=[renderer], start=start)
        figure.add_glyph(self._now, VSpan(x="x", line_color="#888", line_width=1.5))
        happened = figure.scatter(
            x="x", y="y", source=self._events, marker="diamond", size=9,
            fill_color=EVENT_COLOR, line_color=None,
        )  # fmt: skip
        figure.add_tools(
            HoverTool(
                renderers=[happened], tooltips=_SMALL.format("step @x{0,0}<br>changed: @what")
            ),
            self._hover(renderer),
        )
        if self._on_zoom:
            figure.on_event(RangesUpdate, self._zoomed)
            figure.on_event(Reset, self._zoomed)
        if self._on_tap:
            figure.on_event(Tap, lambda event: self._on_tap(round(event.x)))
        figure.update(
            name=self._name,
            tags=[self._styles, self._points],
            # WebGL gives a line of one point no dash, and each line after it the dash of another.
            output_backend="canvas",
            background_fill_color=None,
            border_fill_color=None,
            outline_line_color=None,
            frame_align=False,
            min_border_left=self._look.left,
            min_border_right=6,
            min_border_top=4,
            min_border_bottom=4,
        )

    def _dress(self, axis: Axis) -> None:
        axis.update(
            axis_line_color=None,
            major_tick_line_color=None,
            minor_tick_line_color=None,
            major_label_text_color=LABEL_COLOR,
            major_label_text_font_size=self._look.font,
            axis_label_text_font_size="12px",
            axis_label_text_color=LABEL_COLOR,
            axis_label_text_font_style="normal",
        )
        axis.ticker.desired_num_ticks = self._look.ticks
        axis.formatter = CustomJSTickFormatter(code=_NAME_TICK)
        if not self._look.named:
            axis.axis_label = None

    def _hover(self, renderer: Any) -> HoverTool:
        across, up = self._names
        place = "$x{0,0}" if across == "step" else "$x{0.[0000]}"
        texts = f"@label<br>{across} {place}<br>{up} $y{{0.00000}}<br>@about"
        return HoverTool(
            renderers=[renderer],
            line_policy="nearest",
            tooltips=_SMALL.format(texts) if self._look.axes else None,
        )


def _columns(lines: Sequence[Line]) -> dict[str, list]:
    # A logarithmic axis without data has no range; an unseen line gives it one.
    lines = lines or [Line(np.array([0, 1]), np.array([0.1, 1]), "#00000000", "")]
    return {
        "xs": [_drawn(line.x, DOT_STEPS) for line in lines],
        "ys": [_drawn(line.y, 0) for line in lines],
        "color": [line.color for line in lines],
        "dash": [line.dash for line in lines],
        "width": [line.width if len(line.x) > 1 else DOT for line in lines],
        "label": [line.label for line in lines],
        "about": [line.about for line in lines],
    }


def _drawn(places: NDArray, apart: float) -> NDArray[np.float64]:
    """Return places as they are sent; a single one as two, since a line of one is not drawn."""
    places = np.asarray(places, np.float64)
    return np.array([places[0] - apart, places[0] + apart]) if len(places) == 1 else places
