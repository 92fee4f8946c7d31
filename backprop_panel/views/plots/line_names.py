"""The names of lines at their ends, in a plot of lines."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan

import numpy as np
from bokeh.core.properties import field
from bokeh.models import ColumnDataSource, Text
from bokeh.plotting import figure

from .line_source import Line, show_columns

MOST_NAMES = 4
"""The most lines that have their names at their ends."""

NEAR_LEFT = 0.3
"""The share of a plot's width in which a name goes to the right of the end of its line."""

BESIDE = 6
"""Pixels between the end of a line and a name to its right: other lines may end there as well."""

_NAME = {
    "x": "x", "y": "y", "text": "text", "text_color": "color", "text_font_size": "11px",
    "text_align": field("align"), "text_baseline": "bottom", "x_offset": "offset",
}  # fmt: skip


class LineNames:
    """Writes the names of a few lines at their ends."""

    def __init__(self) -> None:
        self._source = ColumnDataSource(_columns([]))

    def add_to(self, figure: figure) -> None:
        """Write the names in a figure."""
        figure.add_glyph(self._source, Text(**_NAME))

    def show(self, lines: Sequence[Line]) -> None:
        """Name these lines, those that have a tag."""
        show_columns(self._source, _columns(lines))


def _columns(lines: Sequence[Line]) -> dict[str, list]:
    """Return the names at the ends of lines, always `MOST_NAMES` rows.

    BokehJS raises an error where a text glyph is left with fewer rows than it has drawn.
    """
    tagged = [line for line in lines if line.tag and len(line.x)][:MOST_NAMES]
    blank = MOST_NAMES - len(tagged)
    across = [float(line.x[end]) for line in lines if len(line.x) for end in (0, -1)]
    left = min(across, default=0.0) + NEAR_LEFT * np.ptp(across or [0.0])
    ends = [float(line.x[-1]) for line in tagged]
    return {
        "x": ends + blank * [nan],
        "y": [float(line.y[-1]) for line in tagged] + blank * [nan],
        "color": [line.color for line in tagged] + blank * ["#000000"],
        "text": [line.tag for line in tagged] + blank * [""],
        "align": ["left" if end < left else "right" for end in ends] + blank * ["right"],
        "offset": [BESIDE if end < left else 0 for end in ends] + blank * [0],
    }
