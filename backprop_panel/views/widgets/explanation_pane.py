"""A pane of HTML with equations and links: what is clicked or pointed at is told to Python."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import panel as pn
import param

from ..patches.panel_katex import KATEX_STYLE, TYPESET
from ..plots.html import STYLE
from .keys import KEYS

FOLDER = Path(__file__).parent
FAMILY = "bp-KaTeX_"
"""Begins the names of the fonts: those of KaTeX's own style sheet, are not in Panel."""


def _fonts() -> list[list[str]]:
    """Return family, style and data of each font."""
    fonts = []
    for path in sorted((FOLDER.parent / "fonts").glob("KaTeX_*.woff2")):
        family, style = path.stem.removeprefix("KaTeX_").split("-")
        data = b64encode(path.read_bytes()).decode()
        style = "italic" if style == "Italic" else "normal"
        fonts.append([FAMILY + family, style, f"data:font/woff2;base64,{data}"])
    return fonts


def _math_style() -> str:
    """Return KaTeX's style sheet, without its fonts' addresses."""
    text = KATEX_STYLE.read_text(encoding="utf-8")
    return re.sub(r"@font-face\{[^}]*\}", "", text).replace("KaTeX_", FAMILY)


FONTS = _fonts()
"""The fonts of equations, which a page needs once: 80 kB."""

MATH_STYLE = _math_style()
PANE_STYLE = (FOLDER / "explanation_pane.css").read_text(encoding="utf-8")


class ExplanationPane(pn.custom.JSComponent):
    """HTML in which equations are typeset and elements send messages.

    An element with ``data-tex`` becomes an equation, with MathML beside it for screen readers.
    A click on one with ``data-send`` sends that JSON, with ``"on"`` added by a checkbox; one with
    ``data-copy`` copies its text; pointing at one with ``data-ring`` sends ``{"ring": …}`` with
    that JSON. A form with ``data-form="name"`` sends ``{"name": text}`` of its field ``value``,
    which keeps what is being typed while its ``data-version`` stays the same; a list with a name
    sends that with its value. The key of ``data-hotkey`` clicks an element that is in sight, unless
    a field has the focus. A row is scrolled to its element with ``data-centred``.

    Parameters
    ----------
    html : str
        User text in it must be escaped.
    on_message : callable
        Called with each message, a dictionary.
    """

    html = param.String("", doc="The HTML that is shown.")
    revealed = param.Integer(0, doc="A change scrolls to it.")
    at_top = param.Integer(0, doc="A change scrolls what holds it to its top.")
    fonts = param.List([], constant=True, doc="`FONTS` in one pane of a page: all use them.")

    _esm = KEYS + TYPESET + (FOLDER / "explanation_pane.js").read_text(encoding="utf-8")

    def __init__(self, on_message: Callable[[dict[str, Any]], None], **params: Any) -> None:
        super().__init__(stylesheets=[STYLE, MATH_STYLE, PANE_STYLE], **params)
        self.on_msg(lambda event: on_message(event.data))
