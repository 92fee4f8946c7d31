"""Lines around cells of a heatmap: its border, what is marked, and the cell under the pointer."""

from __future__ import annotations

from collections.abc import Sequence

from bokeh.models import ColumnDataSource

from .colors import Theme

BIAS_GAP = 0.35
"""Rows between a layer's weights and its bias."""

BORDER_COLOR = "#8888884d"
"""A grey thin enough for light and dark."""

_SIDES = ("left", "right", "top", "bottom")

Box = tuple[float, float, float, float]
"""Left, right, top and bottom."""


class CellOutlines:
    """The outlines of one matrix; a value and its gradient share them.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the matrix, the bias row included.
    bias : bool
        Whether the last row is a bias, set apart by a gap.
    theme : Theme

    Attributes
    ----------
    boxes : ColumnDataSource
        The borders of the matrix and the outlines of what is marked.
    pointed_at : ColumnDataSource
        The outline of the cell under the pointer.
    """

    def __init__(self, shape: tuple[int, int], bias: bool, theme: Theme) -> None:
        self._shape, self._bias, self._theme = shape, bias, theme
        self._marks: list[Box] = []
        self.boxes = ColumnDataSource(self._borders_and_marks())
        self.pointed_at = ColumnDataSource(_sides([]))

    @property
    def bottom(self) -> float:
        """The lower end of the matrix; its upper end is 0.5."""
        return 0.5 - self._shape[0] - BIAS_GAP * self._bias

    def resize(self, shape: tuple[int, int]) -> None:
        """Outline a matrix of another shape."""
        self._shape = shape
        self._send()

    def recolor(self, theme: Theme) -> None:
        """Take the colours of another theme."""
        self._theme = theme
        self._send()

    def mark(
        self, rows: Sequence[int], columns: Sequence[int], cell: tuple[int, int] | None
    ) -> None:
        """Outline whole rows, whole columns and one cell, and nothing else."""
        width = self._shape[1]
        boxes = [(-0.5, width - 0.5, self._top(row), self._top(row) - 1) for row in rows]
        boxes += [(column - 0.5, column + 0.5, 0.5, self.bottom) for column in columns]
        if cell:
            row, column = cell
            boxes.append((column - 0.5, column + 0.5, self._top(row), self._top(row) - 1))
        self._marks = boxes
        self._send()

    def _top(self, row: int) -> float:
        return 0.5 - row - (BIAS_GAP if self._bias and row == self._shape[0] - 1 else 0)

    def _send(self) -> None:
        self.boxes.data = self._borders_and_marks()

    def _borders_and_marks(self) -> dict[str, list]:
        """Return all boxes; a border makes even a bias of zeros visible."""
        right, bottom = self._shape[1] - 0.5, self.bottom
        borders: list[Box] = [(-0.5, right, 0.5, 0.5 - (self._shape[0] - self._bias))]
        if self._bias:
            borders.append((-0.5, right, bottom + 1, bottom))
        colors = [BORDER_COLOR] * len(borders) + [self._theme.mark] * len(self._marks)
        return _sides([*borders, *self._marks]) | {"color": colors}


def _sides(boxes: Sequence[Box]) -> dict[str, list[float]]:
    """Return boxes as the columns of a source."""
    return {side: [box[i] for box in boxes] for i, side in enumerate(_SIDES)}
