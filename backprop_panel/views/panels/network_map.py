"""The network map: all values in the order in which data flows, each above its gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import panel as pn
import param

from ..state.cell import Cell
from ..state.map_source import MapSource
from ..state.map_state import MapState
from .map_grid import MapGrid
from .map_heatmaps import MapHeatmaps
from .map_scales import MapScales
from .map_words import MapWords


class NetworkMap(pn.viewable.Viewer):
    """All heatmaps of a network, patched in place with each record.

    Parameters
    ----------
    source : MapSource
    on_select : callable, optional
        Called with each cell that is tapped.
    head, foot : Viewable, optional
        What stands above and below the map.
    **params
        Parameters of its state.

    Attributes
    ----------
    state : MapState
        What the map shows: it is drawn anew as this changes.
    scales : MapScales
        Its colour scales.
    """

    visible = param.Boolean(True, doc="Whether the map is seen; if not, it is not drawn.")

    def __init__(
        self,
        source: MapSource,
        on_select: Callable[[Cell], None] | None = None,
        head: pn.viewable.Viewer | None = None,
        foot: pn.viewable.Viewer | None = None,
        **params: Any,
    ) -> None:
        super().__init__()
        self.state, self.scales = MapState(source=source, **params), MapScales()
        self._heatmaps = MapHeatmaps(self.state, self.scales, on_select or (lambda cell: None))
        self._words = MapWords(self.state)
        self._layout = pn.Column(
            *filter(None, [head]),
            self._words.title,
            self._heatmaps.kept.box,
            self._words.legend,
            *filter(None, [foot]),
            margin=0,
            sizing_mode="stretch_width",
        )
        self._show_network()
        self._watch()

    def _watch(self) -> None:
        watch, heatmaps = self.state.param.watch, self._heatmaps
        watch(self._follow_source, "source")
        watch(lambda *events: heatmaps.mark(), ["marks", "ringed"])
        watch(lambda event: heatmaps.reveal(), "reveal")
        watch(lambda event: self._entitle(), "title")
        watch(lambda event: self.grid.fit(event.new), "fitted")
        watch(self._show_deltas, "deltas_shown")
        watch(self._show_errors, "check")
        watch(self._recolor, "dark")
        watch(self._come_to_rest, "animated")
        self.scales.param.watch(self._draw_again, ["spacing", "shared_by", "locked"])
        self.param.watch(lambda event: self._draw(), "visible")

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    @property
    def grid(self) -> MapGrid:
        """The heatmaps of the network that is shown."""
        return self._heatmaps.grid

    def complete(self) -> Iterator[None]:
        """Show the heatmaps that were left out as the page opened."""
        return self.grid.complete()

    def cover(self, words: str) -> None:
        """Say in front of the map that it is about to change; nothing for no words."""
        self._heatmaps.kept.cover(words)

    def _show_network(self) -> None:
        """Show the heatmaps of the source's network: those made before, or new ones."""
        are_new = self._heatmaps.take_network()
        self._draw()
        self._entitle()
        if not are_new:
            self._show_legend()
        self._heatmaps.arrange(are_new)

    def _follow_source(self, event: param.parameterized.Event) -> None:
        """Draw another record; a network of the same shape in the heatmaps that exist."""
        before, source = event.old, event.new
        with pn.io.hold():
            if source.subject != before.subject:
                self.scales.current.forget()
            if source.widths != before.widths:
                self._show_network()
                return
            if source.subject != before.subject:
                self._heatmaps.relabel()
            self._draw()

    def _draw(self) -> None:
        if self.visible:
            with pn.io.hold():
                if self._heatmaps.draw():
                    self._show_legend()

    def _draw_again(self, *events: param.parameterized.Event) -> None:
        self._heatmaps.forget_record()
        self._draw()
        self._show_legend()

    def _show_legend(self) -> None:
        self._make_room()
        self._words.explain(self.scales.current, self._heatmaps.by_hand, self._heatmaps.fault)

    def _entitle(self) -> None:
        self._words.entitle()
        self._make_room()

    def _make_room(self) -> None:
        """Take the room of what is said about the map from its heatmaps, not from the timeline."""
        room = self._words.room(self.scales.current, self._heatmaps.fault)
        if self._layout.styles != room:
            self._layout.styles = room

    def _show_deltas(self, event: param.parameterized.Event) -> None:
        """Show the gradients of activations as deltas, or as they are."""
        with pn.io.hold():
            self.scales.forget_deltas(self.grid)
            self._heatmaps.name_gradients()
            self._draw_again()

    def _show_errors(self, event: param.parameterized.Event) -> None:
        """Show relative errors in place of gradients, other errors, or gradients again."""
        with pn.io.hold():
            if bool(event.new) != bool(event.old):
                self._heatmaps.paint_gradients()
            self._draw_again()

    def _come_to_rest(self, event: param.parameterized.Event) -> None:
        """Fit the scales to the last record of a sequence, which a click would show alike."""
        if not event.new:
            self._draw_again()

    def _recolor(self, event: param.parameterized.Event) -> None:
        with pn.io.hold():
            self._heatmaps.recolor()
        self._show_legend()
