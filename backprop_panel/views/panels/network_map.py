"""The network map: all values in the order in which data flows, each above its gradient."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import panel as pn
import param
from numpy.typing import NDArray

from ...nn.record import StepRecord
from ..plots.color_scales import SPACINGS, SYMMETRIC_LOG, Scales
from ..plots.colors import theme_of
from ..plots.heatmap import Heatmap
from ..plots.html import html
from ..state.cell import Cell
from ..state.map_columns import MapColumn
from ..state.map_source import MapSource
from ..state.marks import Marks
from ..state.reveal import Reveal
from .map_grid import MapGrid
from .map_legend import map_legend

BLANK = "\N{FIGURE SPACE}"
"""An invisible character about as wide as a letter."""

EACH_KIND, EACH_HEATMAP = "all heatmaps of a kind", "each heatmap"


class NetworkMap(pn.viewable.Viewer):
    """All heatmaps of a network, patched in place with each record.

    Parameters
    ----------
    source : MapSource
    on_select : callable, optional
        Called with each cell that is tapped.
    head : Viewable, optional
        What stands above the map.
    """

    source = param.Parameter(doc="The `MapSource` to draw.")
    marks = param.ClassSelector(default=Marks(), class_=Marks, doc="What is outlined.")
    ringed = param.ClassSelector(
        default=(), class_=tuple, doc="The `CellBlock`s of the term that is pointed at."
    )
    reveal = param.ClassSelector(
        default=None, class_=Reveal, allow_None=True, doc="What a phase shows; None: everything."
    )
    deltas_shown = param.Boolean(
        False, doc="Whether the gradients of activations are shown as deltas, dL/dz."
    )
    animated = param.Boolean(False, doc="Whether records follow one another: scales are smoothed.")
    examples_named = param.Boolean(True, doc="Whether rows have the names of their examples.")
    dark = param.Boolean(False, doc="Whether the page is dark.")
    spacing = param.Selector(
        default=SYMMETRIC_LOG, objects=list(SPACINGS), doc="How the colours of a scale are spaced."
    )
    shared_by = param.Selector(
        default=EACH_KIND, objects=[EACH_KIND, EACH_HEATMAP], doc="What has one scale."
    )
    locked = param.Boolean(False, doc="Whether the scales stay as they are.")
    visible = param.Boolean(True, doc="Whether the map is seen; if not, it is not drawn.")

    def __init__(
        self,
        source: MapSource,
        on_select: Callable[[Cell], None] | None = None,
        head: pn.viewable.Viewer | None = None,
        **params: Any,
    ) -> None:
        super().__init__(source=source, **params)
        self.grid = MapGrid(
            on_select or (lambda cell: None),
            staged=pn.state.curdoc is not None and not pn.state.loaded,
        )
        self._legend = html("", "bp-legend")
        self._layout = pn.Column(
            *filter(None, [head]),
            self.grid.layout,
            self._legend,
            margin=0,
            sizing_mode="stretch_width",
        )
        self._scales = Scales()
        self._drawn: StepRecord | None = None
        self._named: StepRecord | None = None
        self._build()
        self.param.watch(self._follow_source, "source")
        self.param.watch(self._draw, "visible")
        self.param.watch(self._mark, ["marks", "ringed"])
        self.param.watch(self._reveal, "reveal")
        self.param.watch(self._show_deltas, "deltas_shown")
        self.param.watch(self._recolor, "dark")
        self.param.watch(self._rescale, ["spacing", "shared_by", "locked"])
        self.param.watch(self._come_to_rest, "animated")

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def complete(self) -> Iterator[None]:
        """Show the heatmaps that were left out as the page opened."""
        return self.grid.complete()

    def _build(self) -> None:
        """Make the heatmaps of the source's network."""
        self.grid.build(self.source, theme_of(self.dark))
        self._tag()
        self._drawn = self._named = None
        self._draw()
        self.grid.lay_out()
        self._reveal()

    def _follow_source(self, event: param.parameterized.Event) -> None:
        """Draw another record; a network of the same shape in the heatmaps that exist."""
        before, source = event.old, event.new
        with pn.io.hold():
            if source.subject != before.subject:
                self._scales.forget()
            if source.widths != before.widths:
                self._build()
                return
            if source.subject != before.subject:
                self.grid.relabel(source)
                self._tag()
            self._draw()

    def _draw(self, *events: param.parameterized.Event) -> None:
        """Patch every heatmap with the source's record."""
        record = self.source.record
        if not self.visible or record is self._drawn:
            return
        # The update of a step leaves all else as it is: no scale jumps.
        is_same_pass = self._drawn is not None and record.deltas is self._drawn.deltas
        self._drawn = record
        drawn = list(self._heatmaps_and_values(record))
        rescaled = not is_same_pass and self._scales.follow(
            ((scale, values) for _, scale, values in drawn), smoothly=self.animated
        )
        with pn.io.hold():
            for heatmap, scale, values in drawn:
                heatmap.take(values, self._scales.by_kind[scale])
            self._name_examples()
            self.grid.send()
            if rescaled:
                self._show_legend()

    def _heatmaps_and_values(self, record: StepRecord) -> Iterator[tuple[Heatmap, str, NDArray]]:
        """Yield each heatmap with the name of its scale and its values."""
        grid = self.grid
        for column, value, gradient in zip(grid.columns, grid.values, grid.gradients, strict=True):
            yield value, self._scale_of(value, _kind(column)), column.values(record)
            gradients = column.gradients(record, self.deltas_shown)
            yield gradient, self._scale_of(gradient, _gradient_kind(column)), gradients

    def _scale_of(self, heatmap: Heatmap, kind: str) -> str:
        alone = self.shared_by == EACH_HEATMAP or heatmap.name == "X"
        return heatmap.name if alone else kind

    def _show_legend(self) -> None:
        self._legend.object = map_legend(
            theme_of(self.dark), self._scales, self.source.is_difference, self.deltas_shown
        )

    def _name_examples(self) -> None:
        """Name the rows of levels by the examples of the batch.

        Names that change too fast to be read take longer to paint than the cells: blanks of the
        same width stand in for them.
        """
        record = self._drawn if self.examples_named else None
        if record is self._named:
            return
        self._named = record
        examples = self.grid.examples
        if record is None:
            names = [re.sub(r"\S", BLANK, name) for name in examples.data["names"]]
        else:
            names = [self.source.example_label(row) for row in range(len(record.logits))]
        examples.data = {"names": names}

    def _tag(self) -> None:
        """Have the hover say whether it shows differences, or weights after the update."""
        tags = ["difference"] if self.source.is_difference else []
        is_new = bool(self.reveal and self.reveal.is_after_update)
        for column, value in zip(self.grid.columns, self.grid.values, strict=True):
            value.source.tags = ["new value"] if is_new and column.has_bias else tags
        for gradient in self.grid.gradients:
            gradient.source.tags = tags

    def _mark(self, *events: param.parameterized.Event) -> None:
        with pn.io.hold():
            self.grid.mark(self.marks, self.ringed)

    def _reveal(self, *events: param.parameterized.Event) -> None:
        with pn.io.hold():
            self.grid.reveal(self.reveal, theme_of(self.dark))
            self._tag()

    def _show_deltas(self, event: param.parameterized.Event) -> None:
        """Show the gradients of activations as deltas, or as they are."""
        with pn.io.hold():
            self._scales.forget(
                self._scale_of(gradient, _gradient_kind(column))
                for column, gradient in zip(self.grid.columns, self.grid.gradients, strict=True)
                if column.has_deltas
            )
            self.grid.name_gradients(event.new)
            self._draw_again()
            self._show_legend()

    def _come_to_rest(self, event: param.parameterized.Event) -> None:
        """Fit the scales to the last record of a sequence, which a click would show alike."""
        if not event.new:
            self._draw_again()

    def _rescale(self, *events: param.parameterized.Event) -> None:
        self._scales.spacing, self._scales.locked = self.spacing, self.locked
        if not self.locked:
            self._scales.forget()
        self._draw_again()
        self._show_legend()

    def _draw_again(self) -> None:
        self._drawn = None
        self._draw()

    def _recolor(self, *events: param.parameterized.Event) -> None:
        with pn.io.hold():
            for heatmap in self.grid.heatmaps:
                heatmap.recolor(theme_of(self.dark))
            self.grid.reveal(self.reveal, theme_of(self.dark))
        self._show_legend()


def _kind(column: MapColumn) -> str:
    """Return the kind of values whose scale a column shares."""
    return "activation" if column.kind == "input" else column.kind


def _gradient_kind(column: MapColumn) -> str:
    return f"gradient of {_kind(column)}"
