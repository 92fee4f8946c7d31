"""Outlines in a heatmap: its border, marked cells, and the cell under the pointer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bokeh.models import ColumnDataSource

from .colors import Theme

BIAS_GAP = 0.35
"""Rows between a layer's weights and its bias."""

BORDER_COLOR = "#8888884d"
"""A grey thin enough for light and dark."""

_SIDES = ("left", "right", "top", "bottom")

Box = tuple[float, float, float, float]
"""Left, right, top and bottom."""


@dataclass(frozen=True)
class Mark:
    """An outline around a block of cells.

    Parameters
    ----------
    rows, columns : (int, int)
        The first and the last of its rows and columns.
    color : str
        A colour of the theme.
    width : float
        Pixels of the line.
    """

    rows: tuple[int, int]
    columns: tuple[int, int]
    color: str = "mark"
    width: float = 1.0


class CellOutlines:
    """The outlines of one matrix.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the matrix, the bias row included.
    bias : bool
        Whether the last row is a bias, set apart by a gap.
    theme : Theme
    beside : CellOutlines, optional
        Those of a matrix beside it, in which the cell under the pointer is outlined as well.

    Attributes
    ----------
    boxes : ColumnDataSource
        The borders of the matrix and the outlines of marked blocks of cells.
    pointed_at : ColumnDataSource
        The outline of the cell under the pointer.
    """

    def __init__(
        self,
        shape: tuple[int, int],
        bias: bool,
        theme: Theme,
        beside: CellOutlines | None = None,
    ) -> None:
        self._shape, self._bias, self._theme = shape, bias, theme
        self._marks: list[Mark] = []
        self.boxes = ColumnDataSource(self._borders_and_marks())
        self.pointed_at = beside.pointed_at if beside else ColumnDataSource(_sides([]))

    @property
    def bottom(self) -> float:
        """The lower end of the matrix; its upper end is 0.5."""
        return 0.5 - self._shape[0] - BIAS_GAP * self._bias

    def resize(self, shape: tuple[int, int]) -> None:
        """Outline a matrix of another shape."""
        if shape != self._shape:
            self._shape = shape
            self._send()

    def recolor(self, theme: Theme) -> None:
        """Take the colours of another theme."""
        if theme != self._theme:
            self._theme = theme
            self._send()

    def mark(self, marks: Sequence[Mark]) -> None:
        """Outline blocks of cells, and nothing else."""
        if marks != self._marks:
            self._marks = list(marks)
            self._send()

    def _box(self, rows: tuple[int, int], columns: tuple[int, int]) -> Box:
        """Return the sides of a block; one that reaches beyond the matrix ends with it."""
        last_row, last_column = (length - 1 for length in self._shape)
        (first, last), (left, right) = rows, columns
        return (
            left - 0.5,
            min(right, last_column) + 0.5,
            self._top(first),
            self._top(min(last, last_row)) - 1,
        )

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
        marks = [self._box(mark.rows, mark.columns) for mark in self._marks]
        colors = [BORDER_COLOR] * len(borders)
        colors += [getattr(self._theme, mark.color) for mark in self._marks]
        widths = [1.0] * len(borders) + [mark.width for mark in self._marks]
        return _sides([*borders, *marks]) | {"color": colors, "width": widths}


def _sides(boxes: Sequence[Box]) -> dict[str, list[float]]:
    """Return boxes as the columns of a source."""
    return {side: [box[i] for box in boxes] for i, side in enumerate(_SIDES)}
