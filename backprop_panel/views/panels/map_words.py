"""What is said about the map: its title above it, its legend below."""

from __future__ import annotations

from collections.abc import Sequence

from ..plots.color_scales import Scales
from ..plots.colors import theme_of
from ..plots.html import html
from ..state.interventions import Intervention
from ..state.map_state import MapState
from .map_depth import what_is_left_out
from .map_legend import map_legend, room_of_words


class MapWords:
    """The title and the legend of a map.

    Parameters
    ----------
    state : MapState

    Attributes
    ----------
    title, legend : HTML
    """

    def __init__(self, state: MapState) -> None:
        self._state = state
        self.title = html("", "bp-map-title", visible=False)
        self.legend = html("", "bp-legend")

    def entitle(self) -> None:
        """Say what the map shows, and which layers it leaves out."""
        left_out = what_is_left_out(len(self._state.source.widths) - 1)
        title = " · ".join(filter(None, [self._state.title, left_out]))
        self.title.param.update(object=title, visible=bool(title))

    def explain(self, scales: Scales, by_hand: Sequence[Intervention], fault: str) -> None:
        """Explain the colours, what was done by hand, and the fault, in the legend."""
        state = self._state
        self.legend.object = map_legend(
            theme_of(state.dark), scales, state.deltas_shown, by_hand, fault, state.fitting_check
        )

    def room(self, scales: Scales, fault: str) -> dict[str, str]:
        """Return the styles that take the room of the words from the heatmaps."""
        return room_of_words(self._state.has_errors, bool(fault), self.title.visible, scales)
