"""The network map: every value in the order in which data flows, its gradient under it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import panel as pn
import param
from numpy.typing import NDArray

from ...nn.record import StepRecord
from ..patches.image_canvas import QuickPlots
from ..plots.cell_labels import names_of_cells
from ..plots.color_scales import Scales
from ..plots.colors import theme_of
from ..plots.heatmap import Heatmap
from ..plots.heatmap_batch import HeatmapBatch
from ..plots.html import STYLE, example, html, visible
from ..state.map_columns import MapColumn, index_of_column, map_columns, related_lines
from ..state.session import Session

BLANK = "\N{FIGURE SPACE}"
"""As wide as a letter, about, and nothing to see."""

ROOM_FOR_NOTE = 12
"""Columns from which on a gradient's caption has room for more than its name."""

SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


class NetworkMap(pn.viewable.Viewer):
    """All heatmaps of a network, patched in place with each step."""

    session = param.ClassSelector(class_=Session, constant=True)
    scale = param.Selector(
        default="each kind", objects=["each kind", "each heatmap"], doc="What shares a scale."
    )
    locked = param.Boolean(False, doc="Whether the scales stay as they are.")
    visible = param.Boolean(True, doc="Whether anyone sees it: if not, nothing is drawn.")

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self._grid = pn.Column(
            margin=0, sizing_mode="stretch_width", css_classes=["bp-map"], stylesheets=[STYLE]
        )
        self._legend = html("", "bp-legend")
        self._layout = pn.Column(
            self._grid,
            self._legend,
            QuickPlots(width=0, height=0, margin=0),
            margin=0,
            sizing_mode="stretch_width",
        )
        self._scales = Scales()
        self._opening = pn.state.curdoc is not None and not pn.state.loaded
        self._build()
        session.param.watch(self._follow_run, "run")
        session.param.watch(self._draw, "record")
        session.param.watch(self._subtract, "other")
        session.param.watch(self._mark, "selection")
        session.param.watch(self._recolor, "dark")
        self.param.watch(self._rescale, ["scale", "locked"])
        self.param.watch(self._draw, "visible")

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _follow_run(self, event: param.parameterized.Event) -> None:
        """Show another run: in the heatmaps that are there if its network has the same shape."""
        self._scales.forget()
        if self._columns_of_run() != self._columns:
            self._build()
            return
        self._drawn = self._named = None
        with pn.io.hold():
            for column, value in zip(self._columns, self._values, strict=True):
                names = self._column_labels(column)
                if names != value.column_names.data["names"]:
                    value.column_names.data = {"names": names}
            self._draw()

    def _columns_of_run(self) -> list[MapColumn]:
        return map_columns(self.session.run.model.network.widths)

    def _build(self) -> None:
        """Make the heatmaps of the present run's network."""
        record, theme = self.session.record, theme_of(self.session.dark)
        self._columns = self._columns_of_run()
        self._examples = names_of_cells()
        self._values: list[Heatmap] = []
        self._gradients: list[Heatmap] = []
        for column in self._columns:
            options = {
                "theme": theme,
                "bias_name": column.bias_name,
                "row_names": names_of_cells() if column.has_bias else self._examples,
                "column_names": names_of_cells(self._column_labels(column)),
                "row_ticks": 40 if column.name == "X" else 0,
                "column_ticks": {"X": 8, "ŷ": 6}.get(column.name, 0),
            }
            value = Heatmap(
                column.name,
                column.values(record).shape,
                on_tap=partial(self._select, column, False),
                **options,
            )
            gradient = Heatmap(
                f"d{column.name}",
                column.gradients(record).shape,
                on_tap=partial(self._select, column, True),
                partner=value,
                **options,
            )
            self._values.append(value)
            self._gradients.append(gradient)
        self._batch = HeatmapBatch([*self._values, *self._gradients])
        self._named: NDArray | None = None
        self._drawn: StepRecord | None = None
        self._draw()
        self._lay_out()

    def _lay_out(self) -> None:
        """Put up the map; as a page opens, at first one heatmap, so that it is soon seen."""
        columns = " ".join(
            f"minmax({_smallest_width(column)}px, {column.units + 20 * (column.name == 'X')}fr)"
            for column in self._columns
        )
        self._grid.styles = {"display": "grid", "grid-template-columns": columns}
        captions = [self._caption(column, "") for column in self._columns]
        below = [self._caption(column, "d") for column in self._columns]
        heatmaps = [*self._values, *self._gradients]
        shown = 1 if self._opening else len(heatmaps)
        panes = [heatmap.pane() for heatmap in heatmaps[:shown]]
        panes += [pn.Spacer(sizing_mode="stretch_both") for _ in heatmaps[shown:]]
        count = len(self._columns)
        self._grid[:] = [*captions, *panes[:count], *below, *panes[count:]]

    def complete(self) -> Iterator[None]:
        """Put up what was left out as the page opened, a value and its gradient at a time."""
        while left_out := self._left_out():
            objects = list(self._grid)
            for place, heatmap in left_out[:2]:
                objects[place] = heatmap.pane()
            self._grid[:] = objects  # at once: each change has Bokeh look through the whole page
            yield
        self._opening = False

    def _left_out(self) -> list[tuple[int, Heatmap]]:
        """Return the heatmaps that are not up, and their places in the grid, column by column."""
        count = len(self._columns)
        places = [
            place
            for at, heatmaps in enumerate(zip(self._values, self._gradients, strict=True))
            # Each row of heatmaps is below its captions.
            for place in zip((count + at, 3 * count + at), heatmaps, strict=True)
        ]
        return [(at, heatmap) for at, heatmap in places if isinstance(self._grid[at], pn.Spacer)]

    def _caption(self, column: MapColumn, prefix: str) -> pn.pane.HTML:
        note = f"{column.inputs or 'B'}×{column.units}"
        if prefix:
            note = f"∂L/∂{column.name}" if column.units >= ROOM_FOR_NOTE else ""
        return html(f"<b>{prefix}{column.name}</b> <span>{note}</span>", "bp-caption")

    def _column_labels(self, column: MapColumn) -> list[str]:
        data = self.session.run.dataset
        if column.name == "X":
            return [
                f"{visible(token)}{str(position + 1).translate(SUBSCRIPTS)}"
                for position in range(data.context_length)
                for token in data.vocabulary
            ]
        if column.name == "ŷ":
            return [visible(label) for label in data.output_labels]
        return []

    def _draw(self, *events: param.parameterized.Event) -> None:
        """Patch every heatmap with the record that is shown."""
        session = self.session
        if not self.visible or session.record is self._drawn:
            return
        if len(session.record.layers) != session.run.model.network.depth:
            return
        self._drawn, record = session.record, session.shown
        shown = list(self._kinds_and_values(record))
        rescaled = self._scales.follow(
            ((kind, values) for _, kind, values in shown), smoothly=session.training
        )
        with pn.io.hold():
            for heatmap, kind, values in shown:
                heatmap.take(values, self._scales.ends[kind])
            self._name_rows(record)
            self._batch.send()
            if rescaled:
                self._show_legend()

    def _kinds_and_values(self, record: StepRecord) -> Iterator[tuple[Heatmap, str, NDArray]]:
        """Yield each heatmap with the name of its scale and its values."""
        for column, value, gradient in zip(
            self._columns, self._values, self._gradients, strict=True
        ):
            kind = "activation" if column.kind == "input" else column.kind
            yield value, self._scale_of(value, kind), column.values(record)
            shared = f"gradient of {kind}"
            yield gradient, self._scale_of(gradient, shared), column.gradients(record)

    def _scale_of(self, heatmap: Heatmap, kind: str) -> str:
        alone = self.scale == "each heatmap" or heatmap.name == "X"
        return heatmap.name if alone else kind

    def _show_legend(self) -> None:
        theme = theme_of(self.session.dark)
        ramp = ", ".join(theme.diverging(9))
        kinds = {
            "weight": "weights",
            "activation": "activations",
            "logit": "ŷ",
            "gradient of weight": "dW",
            "gradient of activation": "da",
            "gradient of logit": "dŷ",
        }
        parts = [
            f"{label} ±{self._scales.ends[kind]:.2g}"
            for kind, label in kinds.items()
            if kind in self._scales.ends and self.scale == "each kind"
        ]
        what = "" if self.session.other is None else "<b>differences</b> · "
        style = f"background:linear-gradient(90deg, {ramp})"
        scales = " · ".join(parts) or "each heatmap to its own largest magnitude"
        self._legend.object = f'{what}− <span class="bp-ramp" style="{style}"></span> + {scales}'

    def _name_rows(self, record: StepRecord) -> None:
        """Say which example of the batch each row of a level is.

        Where batches fly past nobody could read it, and a browser takes longer to paint the labels
        than the cells: then there is nothing, as wide as what was there.
        """
        contexts = None if self.session.too_fast_to_read else record.contexts
        if contexts is self._named:
            return
        self._named = contexts
        if contexts is None:
            names = [re.sub(r"\S", BLANK, name) for name in self._examples.data["names"]]
        else:
            data = self.session.run.dataset
            labels = data.output_labels
            names = [
                example(tokens, labels[target])
                for tokens, target in zip(data.tokens(contexts), record.targets, strict=True)
            ]
        self._examples.data = {"names": names}

    def _rescale(self, *events: param.parameterized.Event) -> None:
        self._scales.locked = self.locked
        if not self.locked:
            self._scales.forget()
        self._drawn = None
        self._draw()
        self._show_legend()

    def _subtract(self, *events: param.parameterized.Event) -> None:
        """Show differences, or values again: on scales of their own."""
        self._scales.forget()
        self._drawn = None
        with pn.io.hold():
            for heatmap in (*self._values, *self._gradients):
                heatmap.source.tags = [] if self.session.other is None else ["difference"]
            self._draw()

    def _recolor(self, *events: param.parameterized.Event) -> None:
        theme = theme_of(self.session.dark)
        with pn.io.hold():
            for heatmap in (*self._values, *self._gradients):
                heatmap.follow(theme)
        self._show_legend()

    def _select(self, column: MapColumn, is_gradient: bool, row: int, unit: int) -> None:
        self.session.select(column.cell(row, unit, is_gradient))

    def _mark(self, *events: param.parameterized.Event) -> None:
        """Outline the chosen cell, and the rows and columns that belong to it."""
        cell = self.session.selection
        lines = related_lines(self._columns, cell) if cell else [([], [])] * len(self._columns)
        with pn.io.hold():
            for at, (value, (rows, columns)) in enumerate(zip(self._values, lines, strict=True)):
                is_here = cell and index_of_column(cell) == at
                value.outlines.mark(rows, columns, cell.index if is_here else None)


def _smallest_width(column: MapColumn) -> int:
    """Return the pixels that a column of the map needs for its caption and its cells."""
    if column.name == "X":
        return 118
    return max(52, min(3 * column.units, 420))
