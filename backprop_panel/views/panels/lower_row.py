"""The lower row of the map: gradients, or for the weights the relative errors of their check."""

from __future__ import annotations

from numpy.typing import NDArray

from ...analysis.checks.gradient_check import GradientCheck
from ..plots.colors import Theme
from ..plots.error_colors import RELATIVE_ERROR, error_cells, error_palette
from ..state.map_columns import MapColumn
from .map_grid import MapGrid


def errors_of(check: GradientCheck, column: MapColumn) -> NDArray:
    """Return the cells of the errors of a column of weights."""
    return error_cells(check.errors[column.layer], check.kinks[column.layer])


def tag(grid: MapGrid, tags: list[str], of_errors: bool) -> None:
    """Have the hover say what the cells show: relative errors, or what `tags` say."""
    for column, heatmap in zip(grid.columns, grid.gradients, strict=True):
        heatmap.source.tags = [RELATIVE_ERROR] if of_errors and column.has_bias else tags


def paint(grid: MapGrid, of_errors: bool) -> None:
    """Colour the cells as relative errors or as gradients."""
    for column, heatmap in zip(grid.columns, grid.gradients, strict=True):
        heatmap.paint(error_palette if of_errors and column.has_bias else Theme.diverging)
