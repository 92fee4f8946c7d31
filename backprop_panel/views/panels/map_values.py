"""What each heatmap of the map shows of a record, with which scale, and what the hover calls it."""

from __future__ import annotations

from collections.abc import Iterator

from numpy.typing import NDArray

from ...analysis.checks.gradient_check import GradientCheck
from ...nn.record import StepRecord
from ..plots.error_colors import RELATIVE_ERROR
from ..plots.heatmap import Heatmap
from ..state.map_columns import MapColumn
from . import lower_row
from .map_grid import MapGrid

EACH_KIND, EACH_HEATMAP = "all heatmaps of a kind", "each heatmap"


def map_values(
    grid: MapGrid, record: StepRecord, shared_by: str, of_deltas: bool, check: GradientCheck | None
) -> Iterator[tuple[Heatmap, str, NDArray]]:
    """Yield each heatmap with the name of its scale and its values.

    Parameters
    ----------
    grid : MapGrid
    record : StepRecord
    shared_by : str
        What has one scale: `EACH_KIND` or `EACH_HEATMAP`.
    of_deltas : bool
        Whether the gradients of activations are deltas.
    check : GradientCheck or None
        The check whose errors are in place of the gradients of weights and biases.
    """
    for column, value, gradient in zip(grid.columns, grid.values, grid.gradients, strict=True):
        yield value, _scale_of(value, _kind(column), shared_by), column.values(record)
        if check is not None and column.has_bias:
            yield gradient, RELATIVE_ERROR, lower_row.errors_of(check, column)
            continue
        scale = _scale_of(gradient, _gradient_kind(column), shared_by)
        yield gradient, scale, column.gradients(record, of_deltas)


def scales_of_deltas(grid: MapGrid, shared_by: str) -> Iterator[str]:
    """Yield the name of the scale of each gradient that has another form: its delta."""
    for column, gradient in zip(grid.columns, grid.gradients, strict=True):
        if column.has_deltas:
            yield _scale_of(gradient, _gradient_kind(column), shared_by)


def tag_cells(grid: MapGrid, is_difference: bool, is_updated: bool, of_errors: bool) -> None:
    """Have the hover say what the cells show, where it is not simply a value or a gradient.

    Parameters
    ----------
    grid : MapGrid
    is_difference : bool
        Whether all cells are differences.
    is_updated : bool
        Whether the weights are those after the update.
    of_errors : bool
        Whether the gradients of weights are shown as relative errors.
    """
    tags = ["difference"] if is_difference else []
    for column, value in zip(grid.columns, grid.values, strict=True):
        value.source.tags = ["new value"] if is_updated and column.has_bias else tags
    lower_row.tag(grid, tags, of_errors)


def _scale_of(heatmap: Heatmap, kind: str, shared_by: str) -> str:
    """Return the name of a heatmap's scale."""
    alone = shared_by == EACH_HEATMAP or heatmap.name == "X"
    return heatmap.name if alone else kind


def _gradient_kind(column: MapColumn) -> str:
    """Return the kind of gradients whose scale a column shares."""
    return f"gradient of {_kind(column)}"


def _kind(column: MapColumn) -> str:
    """Return the kind of values whose scale a column shares."""
    return "activation" if column.kind == "input" else column.kind
