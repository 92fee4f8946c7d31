"""What the browser does about a press before the server answers it."""

from __future__ import annotations

from pathlib import Path

import panel as pn

from ..patches.pressed_widgets import PRESSED_WIDGETS


class Presses(pn.custom.JSComponent):
    """Shows at once that the server works on a press, and takes a press whose button moves away.

    A field that loses the focus may bring a message or an offer which moves the button that is
    being pressed: the browser makes no click of that. It shows nothing itself.
    """

    _esm = PRESSED_WIDGETS + Path(__file__).with_suffix(".js").read_text(encoding="utf-8")

    def __init__(self) -> None:
        super().__init__(width=0, height=0, margin=0)
