"""Curves with dots on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import holoviews as hv
import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, HoverTool, Range1d

from .line_plot import Curves
from .line_source import Line
from .plot_style import TOOLTIP, Look

SMALL_LOOK = Look(tools=False, label_font="11px", left=70, right=10, ticks=4)
"""For the panel at the right: it is scrolled, so the wheel must not zoom.

Left of the lines is room for all labels, so that what stands below can be aligned with the lines.
"""

ROOM = 0.06
"""How far the plot reaches above and below its lines, as a share of their height."""

CLEAR = "#00000000"


@dataclass(frozen=True)
class Dot:
    """A dot on a curve: its place, the colours of its inside and its edge, and its size.

    Attributes
    ----------
    text : str
        What the hover tells; user text in it must be escaped.
    """

    x: float
    y: float
    fill: str = CLEAR
    edge: str = CLEAR
    size: float = 8.0
    text: str = ""


class DottedCurves(Curves):
    """A small plot of lines with dots, which change without the lines and leave the axes alone.

    Parameters
    ----------
    name : str
    log_y : bool
    **options
        As those of `Curves`.
    """

    def __init__(self, name: str, log_y: bool = False, **options: Any) -> None:
        self._dots = ColumnDataSource(_columns([]))
        self._across, self._up, self._log_y = Range1d(0, 1), Range1d(0.1, 1), log_y
        super().__init__(name, log_y=log_y, look=SMALL_LOOK, **options)

    def show_between(
        self, lines: Sequence[Line], start: float, end: float, least_height: float = 0.0
    ) -> None:
        """Show these lines from `start` to `end`.

        Parameters
        ----------
        lines : sequence of Line
        start, end : float
        least_height : float
            Of the visible part of the y axis, where the lines are almost level.
        """
        with pn.io.hold():
            self._across.update(start=start, end=end)
            self._up.update(**self._height(lines, least_height))
            self.show(lines)

    def _height(self, lines: Sequence[Line], least: float) -> dict[str, float]:
        """Return the ends of the y axis."""
        values = np.concatenate([line.y for line in lines]) if lines else np.array([0.1, 1])
        if self._log_y:
            values = np.log10(values[values > 0])
        low, high = values.min(initial=np.inf), values.max(initial=-np.inf)
        if not low <= high:
            return {}
        room = max(ROOM * (high - low), (least - (high - low)) / 2) or ROOM
        ends = low - room, high + room
        start, end = (10.0**value if self._log_y else value for value in ends)
        return {"start": float(start), "end": float(end)}

    def show_dots(self, dots: Sequence[Dot]) -> None:
        """Show these dots in place of the ones before; the last ones are on top."""
        # Held, as the lines are: Panel may send what was held after what was not.
        with pn.io.hold():
            self._dots.data = _columns(dots)

    def _fill(self, plot: Any, element: hv.Element) -> None:
        super()._fill(plot, element)
        plot.state.update(x_range=self._across, y_range=self._up)
        renderer = plot.state.scatter(
            x="x", y="y", size="size", fill_color="fill", line_color="edge", line_width=2,
            source=self._dots,
        )  # fmt: skip
        tooltips = TOOLTIP.format("@text{safe}")
        plot.state.add_tools(HoverTool(renderers=[renderer], tooltips=tooltips))


def _columns(dots: Sequence[Dot]) -> dict[str, list]:
    return {
        name: [getattr(dot, name) for dot in dots]
        for name in ("x", "y", "fill", "edge", "size", "text")
    }
