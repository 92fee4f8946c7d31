"""The pieces that all controls are made of."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from time import monotonic
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param
from bokeh.document import Document

from ...runs.run import TrainingRun
from ..patches.click_count import UncountedButton
from ..patches.silent_events import SilentEvents
from ..patches.stale_options import IgnoresStaleOptions
from ..plots.html import html

ACCENT = "#4263eb"
LINE = "rgba(128, 128, 128, 0.4)"
HOVERED = "rgba(128, 128, 128, 0.15)"
SMALL = {"size": "small", "sizing_mode": "stretch_width", "margin": (5, 0)}

BORDERED = {
    # The page's header would make it white.
    "color": "inherit",
    "borderColor": LINE,
    "whiteSpace": "nowrap",
    "minWidth": 0,
    # By itself it is grey where the pointer is, as if it could not be pressed.
    "&.MuiButton-outlined:hover": {"color": "inherit", "backgroundColor": HOVERED},
    "&.MuiButton-contained": {"color": "#fff"},
}
"""How a button looks that is not the first choice."""


QUIET, CROWDED = 5, 25
"""Milliseconds without a press after which it is served, and after which all are that had to wait.

A server that is busy takes them in one by one; a key that is held down presses every 30 to 40.
"""


class RunSelect(IgnoresStaleOptions, pmui.Select):
    """A list of runs of which one is chosen: named by their names, chosen by their ids."""

    def offer(self, runs: list[TrainingRun], chosen: str) -> None:
        """Offer these runs, the one with the id `chosen` being chosen."""
        # In one update: a browser that is sent two values in turn can answer with the first.
        self.param.update(options={run.name: run.id for run in runs}, value=chosen)
        # A renamed run keeps its id, and the browser would keep its old name.
        self.param.trigger("value")


class QuietButton(SilentEvents, UncountedButton):
    """A button whose presses send nothing back to the page by themselves."""


def button(
    label: str, action: Callable[[], Any], toggles: bool = False, **params: Any
) -> QuietButton:
    """Return a button that does `action`, once for all presses that had to wait together.

    With `toggles`, a second press undoes the first.
    """
    options = {
        "variant": "outlined",
        "size": "small",
        "color": "default",
        "margin": (0, 3),
        "sx": BORDERED,
    }
    return QuietButton(label=label, on_click=_gathering(action, toggles), **(options | params))


def _gathering(action: Callable[[], Any], toggles: bool) -> Callable[[Any], None]:
    """Return what is to be called with each press."""
    waiting, served = 0, -inf

    def serve() -> None:
        nonlocal waiting, served
        presses, waiting = waiting, 0
        if presses % 2 or not toggles:
            action()
        served = monotonic()

    def gather(page: Document, wait: int) -> None:
        seen = waiting
        page.add_timeout_callback(
            lambda: serve() if waiting == seen else gather(page, CROWDED), wait
        )

    def press(event: param.parameterized.Event) -> None:
        nonlocal waiting
        waiting += 1
        page = pn.state.curdoc
        if page is None or not page.session_context:
            serve()
        elif waiting == 1:
            had_to_wait = monotonic() < served + CROWDED / 1000
            gather(page, CROWDED if had_to_wait else QUIET)

    return press


def head(title: str, note: str = "") -> pn.pane.HTML:
    """Return the head of a group of settings, with what changing one of them does."""
    note = f" <span>· {note}</span>" if note else ""
    return html(f"{title}{note}", "bp-head", margin=(14, 0, 2, 0))
