"""How the page lies in its window: on a phone, and enlarged for a projector."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import panel as pn
import param

from ..patches.page_parts import PAGE_PARTS
from .keys import KEYS


class PageLayout(pn.custom.JSComponent):
    """Reports whether the window is as narrow as a phone's, and enlarges the page.

    P enlarges the page, unless a field has the focus; Escape or P makes it as it was. It shows
    nothing itself.
    """

    narrow = param.Boolean(False, doc="Whether the window is as narrow as a phone's.")
    presenting = param.Boolean(False, doc="Whether type and cells are enlarged for a projector.")

    _esm = KEYS + PAGE_PARTS + Path(__file__).with_suffix(".js").read_text(encoding="utf-8")

    def __init__(self, **params: Any) -> None:
        super().__init__(width=0, height=0, margin=0, sizing_mode="fixed", **params)
