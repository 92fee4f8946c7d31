"""Arrows between heatmaps, drawn over the grid that holds them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import panel as pn
import param

from ..patches.layout_children import LAYOUT_CHILDREN
from ..plots.heatmap import HEATMAP
from ..plots.heatmap_figure import LABEL_BORDER

OVER_ALL = {"position": "absolute", "inset": "0", "pointer-events": "none", "z-index": "1"}


class Arrows(pn.custom.JSComponent):
    """Arrows between the heatmaps beside it in a layout, in which it takes no room."""

    pairs = param.List([], doc="Where each begins and ends: two numbers of heatmaps in the layout.")
    color = param.String("", doc="The colour of the arrows.")
    halo = param.String("", doc="The colour around them, on which they stand out.")

    _esm = "\n".join(
        [
            f"const HEATMAP = {HEATMAP!r}, LABELS = {LABEL_BORDER}",
            LAYOUT_CHILDREN,
            Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
        ]
    )

    def __init__(self, **params: Any) -> None:
        super().__init__(margin=0, styles=OVER_ALL, **params)
