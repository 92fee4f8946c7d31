"""The axes of a heatmap: the zoom ranges and the outlines that a value and its gradient share."""

from __future__ import annotations

from collections.abc import Callable

from bokeh.models import CustomJS, Range1d

from .cell_outlines import CellOutlines
from .colors import Theme
from .downsampling import Lens, Span


class HeatmapAxes:
    """Zoom ranges and outlines; the cell in row r and column c is centred on (c, -r).

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the matrix, the bias row included.
    has_bias : bool
        Whether the last row is a bias, set apart by a gap.
    theme : Theme

    Attributes
    ----------
    x_range, y_range : Range1d
        The visible part; its reset values are the whole matrix.
    outlines : CellOutlines
    """

    def __init__(self, shape: tuple[int, int], has_bias: bool, theme: Theme) -> None:
        self.outlines = CellOutlines(shape, has_bias, theme)
        self.x_range, self.y_range = Range1d(), Range1d()
        _set_extent(self.x_range, -0.5, shape[1] - 0.5)
        _set_extent(self.y_range, self.outlines.bottom, 0.5)
        self._shape, self._theme = shape, theme

    def resize(self, shape: tuple[int, int]) -> None:
        """Take another number of rows, and show all of them."""
        if shape != self._shape:
            self._shape = shape
            self.outlines.resize(shape)
            _set_extent(self.y_range, self.outlines.bottom, 0.5)

    def recolor(self, theme: Theme) -> None:
        """Take the colours of another theme."""
        if theme != self._theme:
            self._theme = theme
            self.outlines.recolor(theme)

    def lens(self, rows: int, columns: int) -> Lens:
        """Return the part to send of a matrix, without its bias, for the present zoom."""
        x, y = self.x_range, self.y_range
        return Lens(
            Span.of(rows, 0.5 - y.end, 0.5 - y.start),
            Span.of(columns, x.start + 0.5, x.end + 0.5),
        )

    def on_zoom(self, callback: Callable[[str, float, float], None]) -> None:
        """Call back when the visible part changes, as Bokeh's `on_change` does."""
        for axis_range in (self.x_range, self.y_range):
            axis_range.on_change("start", callback)
            axis_range.on_change("end", callback)

    def reset_zoom(self) -> CustomJS:
        """Return the callback that shows the whole matrix."""
        return CustomJS(
            args={"x": self.x_range, "y": self.y_range},
            code="x.setv({start: x.reset_start, end: x.reset_end});"
            "y.setv({start: y.reset_start, end: y.reset_end})",
        )


def _set_extent(axis_range: Range1d, start: float, end: float) -> None:
    axis_range.update(start=start, end=end, reset_start=start, reset_end=end)
