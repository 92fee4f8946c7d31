"""How the page lies in its window: less stands beside it in a narrow one; it can be enlarged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import panel as pn
import param

from ..patches.page_parts import PAGE_PARTS
from .keys import KEYS

BOTH, ONE, NONE = "both", "one", "none"
"""How many of its two drawers have room beside the page."""


class PageLayout(pn.custom.JSComponent):
    """Reports how many drawers have room beside the page, opens these, and enlarges the page.

    P enlarges the page, unless a field has the focus; Escape or P makes it as it was. It shows
    nothing itself.
    """

    room = param.Selector(
        default=BOTH, objects=[BOTH, ONE, NONE], doc="Which drawers have room beside the page."
    )
    presenting = param.Boolean(False, doc="Whether type and cells are enlarged for a projector.")

    _esm = KEYS + PAGE_PARTS + Path(__file__).with_suffix(".js").read_text(encoding="utf-8")

    def __init__(self, **params: Any) -> None:
        super().__init__(width=0, height=0, margin=0, sizing_mode="fixed", **params)
