"""HTML of the page: escaped user text, and tokens as coloured chips."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

import panel as pn

from ..patches.focusable_html import FocusableHTML
from ..patches.layout_insides import LAYOUT_INSIDES
from ..state.token_text import visible
from .colors import run_color, token_color

STYLE = (Path(__file__).parents[1] / "workbench.css").read_text() + LAYOUT_INSIDES
"""The style sheet of everything on the page but widgets and plots."""


def html(text: str, css_class: str, **params: Any) -> pn.pane.HTML:
    """Return a pane of HTML in the page's style; user text in `text` must be escaped."""
    options = {"margin": 0, "sizing_mode": "stretch_width"}
    return pn.pane.HTML(text, css_classes=[css_class], stylesheets=[STYLE], **(options | params))


def scroll_region(css_class: str, label: str) -> pn.pane.HTML:
    """Return an empty pane of HTML that scrolls, also with the keyboard."""
    return FocusableHTML(
        "",
        label=label,
        css_classes=[css_class],
        stylesheets=[STYLE],
        margin=0,
        sizing_mode="stretch_width",
    )


def legend_of_layers(depth: int) -> str:
    """Return the legend of a network's layers, each in its colour, as HTML."""
    return legend_of_lines([(run_color(layer), f"layer {layer + 1}") for layer in range(depth)])


SAMPLES = {"solid": "", "dashdot": "6 4 2 4", "dotdash": "2 4 6 4"}
"""The pattern of each dash, as BokehJS draws it."""


def line_sample(color: str, dash: str) -> str:
    """Return a piece of a line for a legend, as HTML."""
    return (
        '<svg class="bp-sample" width="22" height="8" aria-hidden="true">'
        f'<line x2="22" y1="4" y2="4" stroke="{color}" stroke-width="2" '
        f'stroke-dasharray="{SAMPLES[dash]}"/></svg>'
    )


def legend_of_lines(lines: Iterable[tuple[str, str]]) -> str:
    """Return the legend of lines, each with its colour and its name, as HTML."""
    return " ".join(
        f'<span class="bp-one-line"><span style="color:{color}">━</span> {escape(name)}</span>'
        for color, name in lines
    )


def chip(token: str, color_id: int) -> str:
    """Return a token as HTML in its colour."""
    return (
        f'<span class="bp-token" style="background:{token_color(color_id)}">'
        f"{escape(visible(token))}</span>"
    )
