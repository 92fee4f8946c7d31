"""The network map: all values in the order in which data flows, each above its gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import panel as pn
import param

from ...analysis.checks.gradient_check import GradientCheck
from ...nn.record import StepRecord
from ..plots.color_scales import SPACINGS, SYMMETRIC_LOG, Scales
from ..plots.colors import theme_of
from ..plots.error_colors import ERROR_SCALE, RELATIVE_ERROR
from ..plots.html import html
from ..state.cell import Cell
from ..state.interventions import Intervention, interventions
from ..state.map_source import MapSource
from ..state.marks import Marks
from ..state.reveal import Reveal
from ..state.staged_loading import load_in_stages
from . import gradient_row
from .example_names import ExampleNames
from .kept_grids import KeptGrids
from .map_depth import what_is_left_out
from .map_grid import MapGrid
from .map_legend import map_legend, room_of_words
from .map_values import EACH_HEATMAP, EACH_KIND, map_values, scales_of_deltas, tag_cells


class NetworkMap(pn.viewable.Viewer):
    """All heatmaps of a network, patched in place with each record.

    Parameters
    ----------
    source : MapSource
    on_select : callable, optional
        Called with each cell that is tapped.
    head, foot : Viewable, optional
        What stands above and below the map.
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
    check = param.ClassSelector(
        default=None,
        class_=GradientCheck,
        allow_None=True,
        doc="The check whose errors are shown in place of the gradients of weights and biases.",
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
    fitted = param.Boolean(False, doc="Whether the window shows all columns, however narrow.")
    title = param.String("", doc="What the map shows, where that is not simply one step: HTML.")
    visible = param.Boolean(True, doc="Whether the map is seen; if not, it is not drawn.")

    def __init__(
        self,
        source: MapSource,
        on_select: Callable[[Cell], None] | None = None,
        head: pn.viewable.Viewer | None = None,
        foot: pn.viewable.Viewer | None = None,
        **params: Any,
    ) -> None:
        super().__init__(source=source, **params)
        self._on_select = on_select or (lambda cell: None)
        self._grids = KeptGrids()
        self._legend = html("", "bp-legend")
        self._title = html("", "bp-map-title", visible=False)
        self._layout = pn.Column(
            *filter(None, [head]),
            self._title,
            self._grids.box,
            self._legend,
            *filter(None, [foot]),
            margin=0,
            sizing_mode="stretch_width",
        )
        self._scales = Scales()
        self._drawn: StepRecord | None = None
        self._examples = ExampleNames()
        self._by_hand: tuple[Intervention, ...] = ()
        self._fault = ""
        self._show_network()
        self.param.watch(self._follow_source, "source")
        self.param.watch(self._draw, "visible")
        self.param.watch(self._mark, ["marks", "ringed"])
        self.param.watch(self._reveal, "reveal")
        self.param.watch(self._entitle, "title")
        self.param.watch(lambda event: self.grid.fit(event.new), "fitted")
        self.param.watch(self._show_deltas, "deltas_shown")
        self.param.watch(self._show_errors, "check")
        self.param.watch(self._recolor, "dark")
        self.param.watch(self._rescale, ["spacing", "shared_by", "locked"])
        self.param.watch(self._come_to_rest, "animated")

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def complete(self) -> Iterator[None]:
        """Show the heatmaps that were left out as the page opened."""
        return self.grid.complete()

    def cover(self, words: str) -> None:
        """Say in front of the map that it is about to change; nothing for no words."""
        self._grids.cover(words)

    def _show_network(self) -> None:
        """Show the heatmaps of the source's network: those made before, or new ones.

        On a page, new ones appear one after the other; their places are marked until then.
        """
        widths = self.source.widths
        known = self._grids.known(widths)
        self.grid = known or MapGrid(self._on_select, staged=pn.state.curdoc is not None)
        self._grids.put_last(widths, self.grid)
        if known is None:
            self.grid.build(self.source, theme_of(self.dark))
        self._drawn, self._examples = None, ExampleNames()
        self._draw()
        if known is None:
            self.grid.lay_out()
        else:  # it may have missed another run, another theme and the end of a check
            self.grid.relabel(self.source)
            self._recolor()
            self._paint_gradients()
        if known or self.fitted:
            self.grid.fit(self.fitted)
        if known or self.deltas_shown:
            self._name_gradients()
        self._entitle()
        self._caption()
        self._mark()
        self._reveal()
        self._grids.place()
        if pn.state.loaded:  # known ones, too: another run may have come before all were there
            load_in_stages(self.grid.complete())

    def _follow_source(self, event: param.parameterized.Event) -> None:
        """Draw another record; a network of the same shape in the heatmaps that exist."""
        before, source = event.old, event.new
        with pn.io.hold():
            if source.subject != before.subject:
                self._scales.forget()
            if source.widths != before.widths:
                self._show_network()
                return
            if source.subject != before.subject:
                self.grid.relabel(source)
                self._tag()
                self._caption()
            self._draw()

    def _draw(self, *events: param.parameterized.Event) -> None:
        """Patch every heatmap with the source's record."""
        record = self.source.record
        if not self.visible or record is self._drawn:
            return
        # The update of a step leaves all else as it is: no scale jumps.
        is_same_pass = self._drawn is not None and record.deltas is self._drawn.deltas
        self._drawn = record
        check = self.check if self._has_errors else None
        drawn = list(map_values(self.grid, record, self.shared_by, self.deltas_shown, check))
        rescaled = not is_same_pass and self._scales.fit_frame(
            ((scale, values) for _, scale, values in drawn if scale != RELATIVE_ERROR),
            smoothly=self.animated,
        )
        with pn.io.hold():
            for heatmap, kind, values in drawn:
                scale = ERROR_SCALE if kind == RELATIVE_ERROR else self._scales.by_kind[kind]
                heatmap.take(values, scale)
            named = record if self.examples_named else None
            self._examples.show(self.grid.examples, named, self.source)
            self._show_interventions(record)
            self.grid.send()
            if rescaled:
                self._show_legend()

    @property
    def _has_errors(self) -> bool:
        """Whether the lower row shows errors of weights."""
        return gradient_row.fits(self.check, self.source.widths)

    def _show_legend(self) -> None:
        self._make_room()
        check = self.check if self._has_errors else None
        self._legend.object = map_legend(
            theme_of(self.dark), self._scales, self.deltas_shown, self._by_hand, self._fault, check
        )

    def _make_room(self) -> None:
        """Take the room of what is said about the map from its heatmaps, not from the timeline."""
        room = room_of_words(self._has_errors, bool(self._fault), self._title.visible, self._scales)
        if self._layout.styles != room:
            self._layout.styles = room

    def _tag(self) -> None:
        is_updated = bool(self.reveal and self.reveal.is_after_update)
        tag_cells(self.grid, self.source.is_difference, is_updated, self._has_errors)

    def _show_interventions(self, record: StepRecord) -> None:
        """Mark what was done by hand in the captions, in the cells and in the legend.

        The legend states the fault that the record was made with as well.
        """
        by_hand = interventions(record, self.source.widths)
        before, self._fault = self._fault, self.source.fault
        if by_hand != self._by_hand:
            self._by_hand = by_hand
            self._caption()
            self._mark()
        elif self._fault == before:
            return
        self._show_legend()

    def _caption(self) -> None:
        if self.grid.layout:  # else the captions are still to be made
            self.grid.caption(self._by_hand, self.source.is_difference)

    def _entitle(self, *events: param.parameterized.Event) -> None:
        left_out = what_is_left_out(len(self.source.widths) - 1)
        title = " · ".join(filter(None, [self.title, left_out]))
        self._title.param.update(object=title, visible=bool(title))
        self._make_room()

    def _mark(self, *events: param.parameterized.Event) -> None:
        with pn.io.hold():
            self.grid.mark(self.marks, self.ringed, self._by_hand)

    def _reveal(self, *events: param.parameterized.Event) -> None:
        with pn.io.hold():
            self.grid.reveal(self.reveal, theme_of(self.dark))
            self._tag()

    def _show_deltas(self, event: param.parameterized.Event) -> None:
        """Show the gradients of activations as deltas, or as they are."""
        with pn.io.hold():
            self._scales.forget(scales_of_deltas(self.grid, self.shared_by))
            self._name_gradients()
            self._draw_again()
            self._show_legend()

    def _show_errors(self, event: param.parameterized.Event) -> None:
        """Show relative errors in place of gradients, other errors, or gradients again."""
        with pn.io.hold():
            if bool(event.new) != bool(event.old):
                self._paint_gradients()
            self._draw_again()
            self._show_legend()

    def _paint_gradients(self) -> None:
        """Colour and name the gradients for what they show."""
        gradient_row.paint(self.grid, self._has_errors)
        self._name_gradients()
        self._tag()

    def _name_gradients(self) -> None:
        self.grid.name_gradients(self.deltas_shown, self._has_errors)

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
