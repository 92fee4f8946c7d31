"""The lines of a plot, sent to the browser as one array."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from bokeh.models import ColumnDataSource, CustomJS
from numpy.typing import NDArray

from ..patches.received_data import RECEIVED_DATA

POINT_WIDTH, POINT_STEPS = 7, 0.001
"""A line of one point is a dot so many pixels wide: it reaches so many steps to each side."""

_UNPACK = (
    RECEIVED_DATA
    + """
const {length: lengths, ...styles} = styles_source.data
const {buffer, byteOffset, length} = points.data.values
const values = new Float64Array(buffer, byteOffset, length)
let at = 0
const next = (length) => values.slice(at, at += length)
const xs = [...lengths].map(next)
const ys = [...lengths].map(next)
receive_data(lines, {xs, ys, ...styles})
"""
)


@dataclass(frozen=True)
class Line:
    """A curve: its points, its style, and the text of its hover.

    `not_finite` has the first and the last step of each stretch without a finite number, and `tag`
    is written at the line's end.
    """

    x: NDArray
    y: NDArray
    color: str
    label: str
    about: str = ""
    dash: str = "solid"
    width: float = 1.5
    not_finite: tuple[tuple[int, int], ...] = ()
    tag: str = ""


class LineSource:
    """The source of a plot's lines.

    Bokeh sends each array in messages of its own: fifty curves would take seconds. Once the plot is
    on a page, the points of all lines go there as one array.

    Attributes
    ----------
    lines : ColumnDataSource
        A row a line: for a glyph with the columns `xs`, `ys`, `color`, `dash` and `width`.
    companions : list of ColumnDataSource
        Sources that the plot must bring into the page.
    """

    def __init__(self) -> None:
        self.lines = ColumnDataSource(_columns([]))
        self._styles, self._points = ColumnDataSource(), ColumnDataSource()
        self.companions = [self._styles, self._points]
        models = {"points": self._points, "styles_source": self._styles, "lines": self.lines}
        self._points.js_on_change("data", CustomJS(args=models, code=_UNPACK))

    def show(self, lines: Sequence[Line]) -> None:
        """Show these lines in place of the ones before."""
        columns = _columns(lines)
        if self.lines.document is None:
            self.lines.data = columns
            return
        xs, ys = columns.pop("xs"), columns.pop("ys")
        show_columns(self._styles, columns | {"length": [len(x) for x in xs]})
        self._points.data = {"values": np.concatenate([*xs, *ys])}


def show_columns(source: ColumnDataSource, columns: Mapping[str, list]) -> None:
    """Show these columns in place of the ones before; the same ones are not sent again.

    Most of what stands beside the lines is the same in every frame of training.
    """
    if source.data != columns:
        source.data = columns


def _columns(lines: Sequence[Line]) -> dict[str, list]:
    # A logarithmic axis without data has no range; an invisible line gives it one.
    lines = lines or [Line(np.array([0, 1]), np.array([0.1, 1]), "#00000000", "")]
    return {
        "xs": [_at_least_two(line.x, POINT_STEPS) for line in lines],
        "ys": [_at_least_two(line.y, 0) for line in lines],
        "color": [line.color for line in lines],
        "dash": ["solid" if is_point(line) else line.dash for line in lines],
        "cap": ["round" if is_point(line) else "butt" for line in lines],
        "width": [POINT_WIDTH if is_point(line) else line.width for line in lines],
        "label": [line.label for line in lines],
        "about": [line.about for line in lines],
    }


def is_point(line: Line) -> bool:
    """Return whether a line has a single point, which is drawn as a dot."""
    return len(line.x) == 1


def _at_least_two(values: NDArray, margin: float) -> NDArray[np.float64]:
    """Return values as float64; a single one as two, since Bokeh draws no line of one point."""
    values = np.asarray(values, np.float64)
    return np.array([values[0] - margin, values[0] + margin]) if len(values) == 1 else values
