"""The keyboard's way through the plots of a page, descriptions and tables of their numbers."""

from __future__ import annotations

from pathlib import Path

import panel as pn

from ..patches.plot_lookup import PLOT_LOOKUP
from .keys import KEYS

FOLDER = Path(__file__).parent


class PlotKeys(pn.custom.JSComponent):
    """Moves a cursor over the cells of the heatmap that has the focus; it shows nothing itself.

    The cursor points as the mouse does, so that hover and outline are those of the pointer; the
    text of the hover is announced in a live region. Enter selects the cell, Escape leaves the
    heatmap. T, or an element with ``data-table`` and the name of a plot, shows the numbers of the
    plot in a table. A plot is described when it gets the focus: nothing is computed while it is
    drawn.
    """

    _esm = "\n".join(
        [
            KEYS,
            PLOT_LOOKUP,
            (FOLDER / "plot_table.js").read_text(encoding="utf-8"),
            (FOLDER / "plot_keys.js").read_text(encoding="utf-8"),
        ]
    )
