"""Shows one of the views below a bar of tabs, at once when its tab is pressed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import panel as pn
import param

from ..patches.layout_children import LAYOUT_CHILDREN
from .kept_layout import BEHIND, IN_SIGHT


class TabSwitch(pn.custom.JSComponent):
    """Stands between a bar of tabs and the frames of their views, in one column.

    The frame of the tab that is pressed comes in sight before the server hears of it: a server that
    draws a run in training would answer late. A tab shows `words` until its view begins to be
    drawn.

    Parameters
    ----------
    words : str
        What stands in place of a view that is still to come.
    """

    active = param.Integer(0, doc="The number of the tab that is shown.")
    words = param.String("", doc="What stands in place of a view that is still to come.")

    _esm = "\n".join(
        [
            f"const IN_SIGHT = {json.dumps(IN_SIGHT)}, BEHIND = {json.dumps(BEHIND)}",
            LAYOUT_CHILDREN,
            Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
        ]
    )

    def __init__(self, **params: Any) -> None:
        super().__init__(margin=0, css_classes=["bp-note"], **params)


def frame_class(number: int) -> str:
    """Return the class of the frame of a tab, by which it is found."""
    return f"bp-tab-{number}"
