"""The heatmaps of the network map in a grid: values above, their gradients below."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import panel as pn

from ..plots.cell_labels import names_of_cells
from ..plots.colors import Theme
from ..plots.heatmap import Heatmap
from ..plots.heatmap_batch import HeatmapBatch
from ..plots.html import STYLE, html
from ..state.cell import Cell
from ..state.map_columns import MapColumn, index_of_column, map_columns, related_lines
from ..state.map_source import MapSource

ROOM_FOR_NOTE = 12
"""Units from which on the caption of a gradient has room for more than its name."""


class MapGrid:
    """The heatmaps of one network.

    Parameters
    ----------
    on_select : callable
        Called with each cell that is tapped.
    staged : bool
        Whether a single heatmap is laid out at first, and the others by `complete`.

    Attributes
    ----------
    layout : Column
    columns : list of MapColumn
    values, gradients : list of Heatmap
        One of each for each column.
    examples : ColumnDataSource
        The names of the rows of all levels.
    """

    def __init__(self, on_select: Callable[[Cell], None], staged: bool = False) -> None:
        self.layout = pn.Column(
            margin=0, sizing_mode="stretch_width", css_classes=["bp-map"], stylesheets=[STYLE]
        )
        self.columns: list[MapColumn] = []
        self.values: list[Heatmap] = []
        self.gradients: list[Heatmap] = []
        self._on_select = on_select
        self._staged = staged

    @property
    def heatmaps(self) -> list[Heatmap]:
        """All values, then all gradients."""
        return [*self.values, *self.gradients]

    def build(self, source: MapSource, theme: Theme) -> None:
        """Make the heatmaps of a network; `lay_out` shows them."""
        self.columns = map_columns(source.widths)
        self.examples = names_of_cells()
        pairs = [self._pair(column, source, theme) for column in self.columns]
        self.values, self.gradients = map(list, zip(*pairs, strict=True))
        self._batch = HeatmapBatch(self.heatmaps)

    def _pair(self, column: MapColumn, source: MapSource, theme: Theme) -> tuple[Heatmap, Heatmap]:
        """Return the heatmaps of a value and of its gradient."""
        options = {
            "theme": theme,
            "bias_name": column.bias_name,
            "row_names": names_of_cells() if column.has_bias else self.examples,
            "column_names": names_of_cells(_unit_labels(column, source)),
            "row_ticks": 40 if column.kind == "input" else 0,
            "column_ticks": {"input": 8, "logit": 6}.get(column.kind, 0),
        }
        shape = column.values(source.record).shape
        value, gradient = (partial(self._select, column, each) for each in (False, True))
        above = Heatmap(column.name, shape, on_tap=value, **options)
        return above, Heatmap(
            f"d{column.name}", shape, on_tap=gradient, gradient_of=above, **options
        )

    def relabel(self, source: MapSource) -> None:
        """Take the labels of another network of the same shape."""
        for column, value in zip(self.columns, self.values, strict=True):
            names = _unit_labels(column, source)
            if names != value.column_names.data["names"]:
                value.column_names.data = {"names": names}

    def lay_out(self) -> None:
        """Show the heatmaps; if staged, a single one at first, so that it appears early."""
        template = " ".join(
            f"minmax({_smallest_width(column)}px, {column.units + 20 * (column.kind == 'input')}fr)"
            for column in self.columns
        )
        self.layout.styles = {"display": "grid", "grid-template-columns": template}
        heatmaps, count = self.heatmaps, len(self.columns)
        shown = 1 if self._staged else len(heatmaps)
        panes = [heatmap.pane() for heatmap in heatmaps[:shown]]
        panes += [pn.Spacer(sizing_mode="stretch_both") for _ in heatmaps[shown:]]
        self.layout[:] = [
            *map(_value_caption, self.columns),
            *panes[:count],
            *map(_gradient_caption, self.columns),
            *panes[count:],
        ]

    def complete(self) -> Iterator[None]:
        """Show the heatmaps that were left out, a value and its gradient at a time."""
        while missing := self._missing():
            objects = list(self.layout)
            for position, heatmap in missing[:2]:
                objects[position] = heatmap.pane()
            self.layout[:] = objects  # in one update: with each, Bokeh walks through the page
            yield
        self._staged = False

    def send(self) -> None:
        """Send the values that the heatmaps have taken."""
        self._batch.send()

    def mark(self, cell: Cell | None) -> None:
        """Outline a cell, and the rows and columns that belong to it; nothing for None."""
        lines = related_lines(self.columns, cell) if cell else [([], [])] * len(self.columns)
        for index, (value, (rows, units)) in enumerate(zip(self.values, lines, strict=True)):
            is_here = cell and index_of_column(cell) == index
            value.outlines.mark(rows, units, cell.index if is_here else None)

    def _missing(self) -> list[tuple[int, Heatmap]]:
        """Return the heatmaps that are left out and their positions, column by column."""
        count = len(self.columns)
        positions = [
            pair
            for index, heatmaps in enumerate(zip(self.values, self.gradients, strict=True))
            # Each row of heatmaps is below a row of captions.
            for pair in zip((count + index, 3 * count + index), heatmaps, strict=True)
        ]
        return [pair for pair in positions if isinstance(self.layout[pair[0]], pn.Spacer)]

    def _select(self, column: MapColumn, is_gradient: bool, row: int, unit: int) -> None:
        self._on_select(column.cell(row, unit, is_gradient))


def _unit_labels(column: MapColumn, source: MapSource) -> list[str]:
    """Return the labels of a level's units; the units of weights have none."""
    return [] if column.has_bias else list(source.unit_labels(column.layer))


def _value_caption(column: MapColumn) -> pn.pane.HTML:
    note = f"{column.inputs or 'B'}×{column.units}"
    return html(f"<b>{column.name}</b> <span>{note}</span>", "bp-caption")


def _gradient_caption(column: MapColumn) -> pn.pane.HTML:
    note = f"∂L/∂{column.name}" if column.units >= ROOM_FOR_NOTE else ""
    return html(f"<b>d{column.name}</b> <span>{note}</span>", "bp-caption")


def _smallest_width(column: MapColumn) -> int:
    """Return the pixels that a column of the map needs for its caption and its cells."""
    if column.kind == "input":
        return 118
    return max(52, min(3 * column.units, 420))
