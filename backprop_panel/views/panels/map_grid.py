"""The heatmaps of the network map in a grid: values above, their gradients below."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import panel as pn

from ..plots.cell_labels import names_of_cells
from ..plots.colors import Theme
from ..plots.heatmap import HEATMAP, Heatmap
from ..plots.heatmap_batch import HeatmapBatch
from ..plots.html import STYLE, html
from ..state.cell import Cell
from ..state.interventions import Intervention
from ..state.map_columns import MapColumn, map_columns
from ..state.map_source import MapSource
from ..state.marks import CellBlock, Marks
from ..state.reveal import Reveal
from ..widgets.arrows import Arrows
from .map_captions import gradient_caption, value_caption
from .map_depth import columns_left_out
from .map_outlines import outlines

MOST_LABELS = 64
"""Columns with a label each, as far as these fit; of more columns, some have one."""

MOST_STAGES = 12
"""Steps in which the heatmaps appear."""

ROOM_FOR_EXAMPLES = 66
"""Pixels for the names of examples beside the inputs."""


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
    frame : Column
        Holds the layout; a layout with a display of its own cannot be hidden.
    columns : list of MapColumn
        Those that are drawn.
    values, gradients : list of Heatmap
        One of each for each column.
    examples : ColumnDataSource
        The names of the rows of all levels.
    """

    def __init__(self, on_select: Callable[[Cell], None], staged: bool = False) -> None:
        self.layout = pn.Column(
            margin=0, sizing_mode="stretch_width", css_classes=["bp-map"], stylesheets=[STYLE]
        )
        self.frame = pn.Column(self.layout, margin=0, sizing_mode="stretch_width")
        self.columns: list[MapColumn] = []
        self.values: list[Heatmap] = []
        self.gradients: list[Heatmap] = []
        self._on_select = on_select
        self._staged = staged
        self._of_deltas = self._of_errors = self._is_difference = False
        self._is_fitted = self._is_slow = False
        self._arrows: Arrows | None = None

    @property
    def heatmaps(self) -> list[Heatmap]:
        """All values, then all gradients."""
        return [*self.values, *self.gradients]

    def build(self, source: MapSource, theme: Theme) -> None:
        """Make the heatmaps of a network; `lay_out` shows them."""
        columns = map_columns(source.widths)
        left_out = columns_left_out(len(columns))
        self.columns = [column for column in columns if column.index not in left_out]
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
            "column_ticks": min(column.units, MOST_LABELS) if column.has_labels else 0,
        }
        shape = column.values(source.record).shape
        value, gradient = (partial(self._select, column, each) for each in (False, True))
        above = Heatmap(column.name, shape, on_tap=value, about=column.about, **options)
        below = Heatmap(
            f"d{column.name}",
            shape,
            on_tap=gradient,
            gradient_of=above,
            about=f"gradients of {column.about}",
            **options,
        )
        below.rename(column.gradient_name(self._of_deltas))
        return above, below

    def relabel(self, source: MapSource) -> None:
        """Take the labels of another network of the same shape."""
        for column, value in zip(self.columns, self.values, strict=True):
            names = _unit_labels(column, source)
            if names != value.column_names.data["names"]:
                value.column_names.data = {"names": names}

    def name_gradients(self, of_deltas: bool, of_errors: bool = False) -> None:
        """Name the lower row: gradients, deltas, or relative errors of the weights' gradients."""
        self._of_deltas, self._of_errors = of_deltas, of_errors
        for column, heatmap in zip(self.columns, self.gradients, strict=True):
            heatmap.rename(column.gradient_name(of_deltas))
        self._caption_gradients()

    def _caption_gradients(self) -> None:
        captions = self.layout[2 * len(self.columns) : 3 * len(self.columns)]
        for column, caption in zip(self.columns, captions, strict=True):
            caption.object = self._gradient_caption(column)

    def _gradient_caption(self, column: MapColumn) -> str:
        return gradient_caption(column, self._of_deltas, self._of_errors, self._is_difference)

    def caption(self, by_hand: Sequence[Intervention] = (), is_difference: bool = False) -> None:
        """Say above the heatmaps what they show, and what was done to the values by hand."""
        if is_difference != self._is_difference:
            self._is_difference = is_difference
            self._caption_gradients()
        captions = self.layout[: len(self.columns)]
        for column, caption in zip(self.columns, captions, strict=True):
            done = [each for each in by_hand if each.column == column.index]
            caption.object = value_caption(column, done, is_difference)

    def lay_out(self) -> None:
        """Show the heatmaps; if staged, a single one at first, so that it appears early."""
        self._size_columns()
        columns, count = self.columns, len(self.columns)
        shown = 1 if self._staged else 2 * count
        panes = [heatmap.pane() for heatmap in self.heatmaps[:shown]]
        panes += [
            pn.Spacer(sizing_mode="stretch_both", css_classes=[HEATMAP, "bp-awaited"])
            for _ in self.heatmaps[shown:]
        ]
        parts = [
            *(html(value_caption(column), "bp-caption") for column in columns),
            *panes[:count],
            *(html(self._gradient_caption(column), "bp-caption") for column in columns),
            *panes[count:],
        ]
        for place, part in enumerate(parts):
            row, column = divmod(place, count)
            # Where it stands if all are in one column.
            part.styles = {"--place": str(4 * column + row)}
        self.layout[:] = [*parts, *filter(None, [self._arrows])]

    def fit(self, is_fitted: bool) -> None:
        """Show all columns in the window, or give each the room that it needs to be read."""
        self._is_fitted = is_fitted
        self._size_columns()

    def _size_columns(self) -> None:
        width = _narrowest_width if self._is_fitted else _smallest_width
        template = " ".join(
            f"minmax({width(column)}px, {column.units + 20 * (column.kind == 'input')}fr)"
            for column in self.columns
        )
        self.layout.styles = {"display": "grid", "grid-template-columns": template}
        self._classify()  # afterwards: it has Bokeh lay the plots out anew, other styles do not

    def _classify(self) -> None:
        states = {"bp-fitted": self._is_fitted, "bp-slow": self._is_slow}
        self.layout.css_classes = ["bp-map", *(name for name, is_on in states.items() if is_on)]

    def complete(self) -> Iterator[None]:
        """Show the heatmaps that were left out, some columns at a time."""
        together = max(2, 2 * len(self.columns) // MOST_STAGES)
        while missing := self._missing():
            objects = list(self.layout)
            for position, heatmap in missing[:together]:
                styles = objects[position].styles
                objects[position] = heatmap.pane()
                objects[position].styles = styles
            self.layout[:] = objects  # in one update: with each, Bokeh walks through the page
            yield
        self._staged = False

    def send(self) -> None:
        """Send the values that the heatmaps have taken."""
        self._batch.send()

    def mark(
        self,
        marks: Marks,
        ringed: Sequence[CellBlock] = (),
        by_hand: Sequence[Intervention] = (),
    ) -> None:
        """Outline what was done by hand, the chosen cell, its operands and the term pointed at."""
        indices = [column.index for column in self.columns]
        shapes = {at: each.shape for at, each in zip(indices, self.values, strict=True)}
        drawn = outlines(marks, ringed, by_hand, shapes)
        for is_gradient, heatmaps in ((False, self.values), (True, self.gradients)):
            for at, heatmap in zip(indices, heatmaps, strict=True):
                heatmap.outlines.mark(drawn[at, is_gradient])

    def reveal(self, reveal: Reveal | None, theme: Theme) -> None:
        """Show what a phase shows, the rest dim or blank, with arrows; everything for None."""
        for is_gradient, heatmaps in ((False, self.values), (True, self.gradients)):
            for column, heatmap in zip(self.columns, heatmaps, strict=True):
                example = reveal.row if reveal and not column.has_bias else None
                heatmap.reveal(_rows(reveal, is_gradient, column), example)
        if reveal and self._arrows is None:
            self._arrows = Arrows()
            self.layout.append(self._arrows)
        if self._arrows is not None:
            places = {column.index: place for place, column in enumerate(self.columns)}
            self._arrows.param.update(
                pairs=[
                    [places[column] + len(places) * is_gradient for column, is_gradient in pair]
                    for pair in (reveal.arrows if reveal else ())
                    if {column for column, _ in pair} <= places.keys()
                ],
                color=theme.operand,
                halo=theme.background,
            )
        self._is_slow = reveal is not None
        self._classify()

    def _missing(self) -> list[tuple[int, Heatmap]]:
        """Return the heatmaps that are left out and their positions, column by column."""
        count = len(self.columns)
        positions = [
            pair
            for place, (value, gradient) in enumerate(zip(self.values, self.gradients, strict=True))
            # Each row of heatmaps is below a row of captions.
            for pair in ((count + place, value), (3 * count + place, gradient))
        ]
        return [pair for pair in positions if isinstance(self.layout[pair[0]], pn.Spacer)]

    def _select(self, column: MapColumn, is_gradient: bool, row: int, unit: int) -> None:
        self._on_select(column.cell(row, unit, is_gradient))


def _rows(reveal: Reveal | None, is_gradient: bool, column: MapColumn) -> tuple[int, int] | None:
    """Return the first and the end of the rows that are shown; None for all."""
    if reveal is None:
        return None
    if (column.index, is_gradient) not in reveal.places:
        return 0, 0
    if reveal.row is None or column.has_bias:
        return None
    return reveal.row, reveal.row + 1


def _unit_labels(column: MapColumn, source: MapSource) -> list[str]:
    """Return the labels of a level's units; the units of weights have none."""
    return [] if column.has_bias else list(source.unit_labels(column.layer))


def _narrowest_width(column: MapColumn) -> int:
    """Return the pixels that a column needs for its labels and its name."""
    return 90 if column.kind == "input" else 24


def _smallest_width(column: MapColumn) -> int:
    """Return the pixels that a column of the map needs for its caption and its cells."""
    if column.kind == "input":
        return ROOM_FOR_EXAMPLES + max(52, min(2 * column.units, 150))
    return max(52, min(2 * column.units, 420))
