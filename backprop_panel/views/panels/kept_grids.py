"""The heatmaps of the networks that were shown last: one is in sight, the others are kept."""

from __future__ import annotations

import json

import panel as pn

from ..plots.html import STYLE
from ..widgets.kept_layout import show_only
from .map_grid import MapGrid

MOST_GRIDS = 2
"""Networks of different shapes whose heatmaps are kept: one can be compared with another."""

Widths = tuple[int, ...]


class KeptGrids:
    """The grids of a few networks, by the widths of these.

    Attributes
    ----------
    box : Column
        Shows the grid that was shown last, and holds the others.
    """

    def __init__(self) -> None:
        self._grids: dict[Widths, MapGrid] = {}
        self.box = pn.Column(
            margin=0, sizing_mode="stretch_width", css_classes=["bp-covered"], stylesheets=[STYLE]
        )

    def known(self, widths: Widths) -> MapGrid | None:
        """Return the grid that was made for a network, if it is still there."""
        return self._grids.get(widths)

    def put_last(self, widths: Widths, grid: MapGrid) -> None:
        """Make a grid the one to be shown; `place` shows it."""
        self._grids.pop(widths, None)
        self._grids[widths] = grid

    def cover(self, words: str) -> None:
        """Say in front of the map that it is about to change; nothing for no words."""
        self.box.styles = {
            "--cover": json.dumps(words, ensure_ascii=False),
            "--dimmed": "0.2" if words else "1",
        }

    def place(self) -> None:
        """Show the last grid; keep the one before, hidden, and forget those before that."""
        while len(self._grids) > MOST_GRIDS:
            del self._grids[next(iter(self._grids))]
        kept = [grid.frame for grid in self._grids.values()]
        placed = [frame for frame in self.box if frame in kept]
        if not len(placed) == len(kept) == len(self.box):
            self.box[:] = [*placed, *(frame for frame in kept if frame not in placed)]
        *_, shown = kept
        show_only(shown, kept)
