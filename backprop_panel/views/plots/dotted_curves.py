"""Curves with dots on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import holoviews as hv
from bokeh.models import ColumnDataSource, HoverTool

from .line_plot import TOOLTIP, Curves, Look

SMALL_LOOK = Look(tools=False, named=False, font="9px", left=46, ticks=4)
"""For the panel at the right: it is scrolled, so the wheel must not zoom."""

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
    **options
        As those of `Curves`.
    """

    def __init__(self, name: str, **options: Any) -> None:
        self._dots = ColumnDataSource(_columns([]))
        super().__init__(name, look=SMALL_LOOK, **options)

    def show_dots(self, dots: Sequence[Dot]) -> None:
        """Show these dots in place of the ones before; the last ones are on top."""
        self._dots.data = _columns(dots)

    def _fill(self, plot: Any, element: hv.Element) -> None:
        super()._fill(plot, element)
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
