"""The heatmaps of the network that is shown, and the record that is drawn in them."""

from __future__ import annotations

from collections.abc import Callable

import panel as pn

from ...nn.record import StepRecord
from ..plots.colors import theme_of
from ..state.cell import Cell
from ..state.interventions import Intervention, interventions
from ..state.map_state import MapState
from ..state.staged_loading import load_in_stages
from . import lower_row
from .example_names import ExampleNames
from .kept_grids import KeptGrids
from .map_grid import MapGrid
from .map_scales import MapScales
from .map_values import tag_cells


class MapHeatmaps:
    """Draws the state of a map in the heatmaps of its network.

    Parameters
    ----------
    state : MapState
    scales : MapScales
    on_select : callable
        Called with each cell that is tapped.

    Attributes
    ----------
    grid : MapGrid
        The heatmaps of the network that is shown.
    kept : KeptGrids
        These, and those of the network before.
    by_hand : tuple of Intervention
        What was done by hand in the record that is drawn.
    fault : str
        The fault that the record was made with, if it is to be stated; else empty.
    """

    def __init__(
        self, state: MapState, scales: MapScales, on_select: Callable[[Cell], None]
    ) -> None:
        self._state, self._scales, self._on_select = state, scales, on_select
        self.grid: MapGrid  # from `take_network` on
        self.kept = KeptGrids()
        self.by_hand: tuple[Intervention, ...] = ()
        self.fault = ""
        self._drawn: StepRecord | None = None
        self._examples = ExampleNames()

    def take_network(self) -> bool:
        """Take the heatmaps of the source's network, and return whether they are new.

        They are those made before, or new ones that `arrange` shows once they are drawn.
        """
        source = self._state.source
        known = self.kept.known(source.widths)
        self.grid = known or MapGrid(self._on_select, staged=pn.state.curdoc is not None)
        self.kept.put_last(source.widths, self.grid)
        if known is None:
            self.grid.build(source, theme_of(self._state.dark))
        self._drawn, self._examples = None, ExampleNames()
        return known is None

    def arrange(self, are_new: bool) -> None:
        """Show the heatmaps; on a page, new ones appear one after the other.

        Their places are marked until then.
        """
        state = self._state
        if are_new:
            self.grid.lay_out()
        else:  # it may have missed another run, another theme and the end of a check
            self.grid.relabel(state.source)
            self.recolor()
            self.paint_gradients()
        if state.fitted or not are_new:
            self.grid.fit(state.fitted)
        if state.deltas_shown or not are_new:
            self.name_gradients()
        self._caption()
        self.mark()
        self.reveal()
        self.kept.place()
        if pn.state.loaded:  # known ones, too: another run may have come before all were there
            load_in_stages(self.grid.complete())

    def draw(self) -> bool:
        """Patch every heatmap with the source's record; return whether the legend changes."""
        source = self._state.source
        record = source.record
        if record is self._drawn:
            return False
        # The update of a step leaves all else as it is: no scale jumps.
        is_same_pass = self._drawn is not None and record.deltas is self._drawn.deltas
        self._drawn = record
        with pn.io.hold():
            rescaled = self._scales.color(self.grid, record, self._state, anew=not is_same_pass)
            named = record if self._state.examples_named else None
            self._examples.show(self.grid.examples, named, source)
            intervened = self._take_interventions(record)
            self.grid.send()
        return rescaled or intervened

    def forget_record(self) -> None:
        """Have the record drawn again, in another way."""
        self._drawn = None

    def relabel(self) -> None:
        """Take the labels of another run of the same shape."""
        self.grid.relabel(self._state.source)
        self._tag()
        self._caption()

    def mark(self) -> None:
        """Outline what is chosen or pointed at, and what was done by hand."""
        with pn.io.hold():
            self.grid.mark(self._state.marks, self._state.ringed, self.by_hand)

    def reveal(self) -> None:
        """Show what a phase shows, or everything."""
        with pn.io.hold():
            self.grid.reveal(self._state.reveal, theme_of(self._state.dark))
            self._tag()

    def recolor(self) -> None:
        """Take the colours of the page's theme."""
        theme = theme_of(self._state.dark)
        for heatmap in self.grid.heatmaps:
            heatmap.recolor(theme)
        self.grid.reveal(self._state.reveal, theme)

    def paint_gradients(self) -> None:
        """Colour and name the gradients for what they show."""
        lower_row.paint(self.grid, self._state.has_errors)
        self.name_gradients()
        self._tag()

    def name_gradients(self) -> None:
        """Name the gradients for what they show."""
        self.grid.name_gradients(self._state.deltas_shown, self._state.has_errors)

    def _take_interventions(self, record: StepRecord) -> bool:
        """Mark what was done by hand in the captions and the cells, and note the fault.

        The legend states both: return whether one of them has changed.
        """
        source = self._state.source
        by_hand = interventions(record, source.widths)
        before, self.fault = (self.by_hand, self.fault), source.fault
        if by_hand != self.by_hand:
            self.by_hand = by_hand
            self._caption()
            self.mark()
        return (self.by_hand, self.fault) != before

    def _caption(self) -> None:
        if self.grid.layout:  # else the captions are still to be made
            self.grid.caption(self.by_hand, self._state.source.is_difference)

    def _tag(self) -> None:
        state = self._state
        tag_cells(self.grid, state.source.is_difference, state.is_after_update, state.has_errors)
