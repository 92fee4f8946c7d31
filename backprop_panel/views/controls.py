"""The pieces that all controls are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import panel as pn
import panel_material_ui as pmui
import param
from bokeh.document import Document
from bokeh.events import Event
from panel.io.state import set_curdoc

from ..run import TrainingRun
from .text import html

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


QUIET_MILLISECONDS = 5
"""When no press came for as long, all are there that had to wait for a server that was busy."""


class RunSelect(pmui.Select):
    """A list of runs of which one is chosen: named by their names, chosen by their ids."""

    def offer(self, runs: list[TrainingRun], chosen: str) -> None:
        """Offer these runs, the one with the id `chosen` being chosen."""
        # In one update: a browser that is sent two values in turn can answer with the first.
        self.param.update(options={run.name: run.id for run in runs}, value=chosen)
        # A renamed run keeps its id, and the browser would keep its old name.
        self.param.trigger("value")

    def _process_property_change(self, properties: dict[str, Any]) -> dict[str, Any]:
        """Take what the browser says, but for a run that was deleted or renamed meanwhile."""
        if "value" in properties and properties["value"] not in self.labels:
            properties = {name: told for name, told in properties.items() if name != "value"}
            self.param.trigger("value")  # It is told again what there is.
        return super()._process_property_change(properties)


class QuietButton(pmui.Button):
    """A button of which a page is told nothing that it does not show.

    Panel tells it, with each press, how many there were and that the server is busy; both take
    longer than what is done for most presses.
    """

    _rename: ClassVar[dict[str, str | None]] = {"clicks": None, "value": None}

    def _process_bokeh_event(self, doc: Document, event: Event) -> None:
        with set_curdoc(doc):
            self._process_event(event)


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
    waiting = 0

    def serve() -> None:
        nonlocal waiting
        presses, waiting = waiting, 0
        if presses % 2 or not toggles:
            action()

    def gather(page: Document) -> None:
        seen = waiting
        page.add_timeout_callback(
            lambda: serve() if waiting == seen else gather(page), QUIET_MILLISECONDS
        )

    def press(event: param.parameterized.Event) -> None:
        nonlocal waiting
        waiting += 1
        page = pn.state.curdoc
        if page is None or not page.session_context:
            serve()
        elif waiting == 1:
            gather(page)

    return press


def head(title: str, note: str = "") -> pn.pane.HTML:
    """Return the head of a group of settings, with what changing one of them does."""
    note = f" <span>· {note}</span>" if note else ""
    return html(f"{title}{note}", "bp-head", margin=(14, 0, 2, 0))
