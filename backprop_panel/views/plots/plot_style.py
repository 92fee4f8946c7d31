"""The style of plots: axes, fonts, margins and tools, and the text of their hovers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .cell_labels import LABEL_COLOR

TOOLTIP = '<div style="font-size: calc(12px * var(--bp-type, 1))">{}</div>'
"""The text of a hover; Bokeh's own is larger than the rest of the page."""


@dataclass(frozen=True)
class Look:
    """How much a plot shows beside its lines.

    Parameters
    ----------
    axes : bool
        Whether it has axes.
    tools : bool
        Whether a plot with axes can be zoomed, and tells of the line that is pointed at.
    named : bool
        Whether the axes have labels.
    font, label_font : str
        The sizes of the tick labels and of the axes' labels.
    left, right : int
        Pixels to both sides of the lines, at the left for tick labels.
    ticks : int
        The most ticks of an axis.
    wheel_scrolls : bool
        Whether the wheel scrolls the page, and zooms with Ctrl alone: for plots that fill a page
        longer than the window.
    """

    axes: bool = True
    tools: bool = True
    named: bool = True
    font: str = "11px"
    label_font: str = "12px"
    left: int = 50
    right: int = 6
    ticks: int = 8
    wheel_scrolls: bool = False


FULL = Look()
COMPACT = Look(named=False, left=46, ticks=5, wheel_scrolls=True)
IN_LONG_PAGE = Look(wheel_scrolls=True)
BARE = Look(axes=False, tools=False, named=False, left=4)


def figure_style(name: str, look: Look) -> dict[str, Any]:
    """Return the properties of a figure and its axes, as HoloViews' `backend_opts`."""
    plot = {
        "name": name,
        # WebGL gives a line of one point no dash, and each line after it the dash of another.
        "output_backend": "canvas",
        "background_fill_color": None,
        "border_fill_color": None,
        "outline_line_color": None,
        "frame_align": False,
        "min_border_left": look.left,
        "min_border_right": look.right,
        "min_border_top": 4,
        "min_border_bottom": 4,
    }
    axis = {
        "axis_line_color": None,
        "major_tick_line_color": None,
        "minor_tick_line_color": None,
        "major_label_text_color": LABEL_COLOR,
        "major_label_text_font_size": look.font,
        "axis_label_text_font_size": look.label_font,
        "axis_label_text_color": LABEL_COLOR,
        "axis_label_text_font_style": "normal",
    }
    if not look.named:
        axis["axis_label"] = None
    return {
        **{f"plot.{key}": value for key, value in plot.items()},
        **{f"{side}.{key}": value for side in ("xaxis", "yaxis") for key, value in axis.items()},
    }
