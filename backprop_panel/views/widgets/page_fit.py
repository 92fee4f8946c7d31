"""Fit the page to its window, and enlarge it for a projector."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import panel as pn
import param

from ..patches.page_parts import PAGE_PARTS
from .keys import KEYS

BOTH, ONE, NONE = "both", "one", "none"
"""How many of its two drawers have room beside the page."""


class PageFit(pn.custom.JSComponent):
    """Opens the drawers that have room beside the page, and enlarges the page for a projector.

    P enlarges the page, unless a field has the focus. P or Escape restores its usual size. The
    component shows nothing itself.
    """

    room = param.Selector(
        default=BOTH, objects=[BOTH, ONE, NONE], doc="How many drawers have room beside the page."
    )
    presenting = param.Boolean(False, doc="Whether type and cells are enlarged for a projector.")

    _esm = KEYS + PAGE_PARTS + Path(__file__).with_suffix(".js").read_text(encoding="utf-8")

    def __init__(self, **params: Any) -> None:
        super().__init__(width=0, height=0, margin=0, sizing_mode="fixed", **params)
