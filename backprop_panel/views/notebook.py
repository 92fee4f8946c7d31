"""Scripts and styles for a notebook's page: the workbench works there without a network."""

from __future__ import annotations

import asyncio
import json
import sys
from base64 import b64encode
from pathlib import Path

import panel as pn
from bokeh.document import Document
from bokeh.document.events import DocumentChangedEvent, DocumentPatchedEvent
from bokeh.model import Model
from panel.io.model import diff
from panel.io.notebook import load_notebook, push
from panel.io.resources import CDN_DIST, DIST_DIR
from panel.viewable import Viewable
from panel_material_ui.base import BUNDLE_PATH
from panel_material_ui.base import CDN_DIST as MATERIAL_UI
from panel_material_ui.theme import MaterialDesign
from pyviz_comms import Comm

STYLES = (
    "css/*.css",
    "bundled/theme/material*.css",
    "bundled/datatabulator/*/dist/css/tabulator_materialize.min.css",
    "bundled/datatabulator/*/dist/css/tabulator_midnight.min.css",
)
"""Panel's own style sheets, of which its components name some by their addresses."""

FONT_STYLES = (
    CDN_DIST + "bundled/font-awesome/css/all.min.css",
    MATERIAL_UI.replace(".js", ".css"),
)
"""Style sheets of icons, of which the workbench has none, and of fonts, which it brings along."""

LAST_SCRIPT = "function(Bokeh) {} // ensure no trailing comma for IE"
"""What Panel's loader runs after all scripts, and before anything is drawn."""

_shown_in: int | None = None


def in_notebook() -> bool:
    """Return whether cells of a notebook run here, and not a server's session."""
    ipython = sys.modules.get("IPython")
    shell = ipython and ipython.get_ipython()
    return hasattr(shell, "kernel") and pn.state.curdoc is None


def prepare_notebook() -> None:
    """Make Panel ready for a notebook, and show nothing yet.

    What its extension shows would stay in the cell that imports this package. The page is sent all
    it needs by `show_scripts`, with each workbench: it may have been loaded anew meanwhile.
    """
    from IPython.utils.capture import capture_output

    with capture_output(stdout=False, stderr=False):
        pn.extension("tabulator")
    _leave_plots_alone()


def show_scripts() -> None:
    """Send the page all scripts and styles, once for a cell's run."""
    global _shown_in
    from IPython.display import HTML, Javascript, display
    from IPython.utils.capture import capture_output

    execution = sys.modules["IPython"].get_ipython().execution_count
    if execution == _shown_in:
        return
    _shown_in = execution
    with capture_output(stdout=False, stderr=False) as published:
        load_notebook(inline=True)
    # Panel has each script once more, for older notebooks; and an output for each is a gap.
    shown = [output.data for output in published.outputs]
    (style,) = (data["text/html"] for data in shown if "text/html" in data)
    loader, comms = (
        data["application/javascript"] for data in shown if "application/javascript" in data
    )
    loader = loader.replace(LAST_SCRIPT, _last_script())
    display(HTML(style), Javascript(f"if (!window.Bokeh?.asks_no_network) {loader};\n{comms}"))


def _last_script() -> str:
    """Return the JavaScript that answers in the page what would be asked of a CDN."""
    styles = {
        CDN_DIST + path.relative_to(DIST_DIR).as_posix(): path.read_text(encoding="utf-8")
        for pattern in STYLES
        for path in DIST_DIR.glob(pattern)
    }
    modules = {MATERIAL_UI: BUNDLE_PATH.read_text(encoding="utf-8")}
    styles |= dict.fromkeys(FONT_STYLES, "")
    fonts = []
    for weight in (400, 700):
        (font,) = BUNDLE_PATH.parent.glob(f"roboto-latin-{weight}-normal-*.woff2")
        letters = b64encode(font.read_bytes()).decode()
        fonts.append(["Roboto", str(weight), f"data:font/woff2;base64,{letters}"])
    answer = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
    given = ", ".join(map(json.dumps, (styles, modules, fonts)))
    return f"function(Bokeh) {{ (\n{answer})(Bokeh, {given}) }}"


def _leave_plots_alone() -> None:
    """Have plots of a workbench look as on its own page: panel-material-ui would enlarge labels."""
    wrap = MaterialDesign._wrapper

    def wrap_others(self: MaterialDesign, viewable: Viewable) -> Viewable:
        if viewable.select(Box):
            return viewable
        return wrap(self, viewable)

    MaterialDesign._wrapper = wrap_others


class Changes:
    """Sends a notebook's page all that changes in a document, soon and in one piece.

    Panel sends what changes with its own components, each change in messages of its own, and loses
    what changes of a plot alone: `pn.io.hold` drops it where no session is.
    """

    def __init__(self, document: Document, comm: Comm) -> None:
        self._document = document
        self._comm = comm
        self._changes: list[DocumentPatchedEvent] = []
        self._loop = asyncio.get_running_loop()
        self._loop.call_soon(self._begin)

    def _begin(self) -> None:
        """Begin when the page has been sent what there is: that is none of the changes."""
        callbacks = self._document.callbacks
        callbacks._held_events = []
        self._document.unhold()
        self._react = callbacks.trigger_on_change
        callbacks.trigger_on_change = self._take

    def _take(self, event: DocumentChangedEvent) -> None:
        if not isinstance(event, DocumentPatchedEvent) or event.setter == self._comm.id:
            self._react(event)  # The page itself said so.
            return
        self._changes.append(event)
        if len(self._changes) == 1:
            self._send_soon()

    def _send_soon(self) -> None:
        try:
            # Messages from the page may come in a thread of their own, while a cell is running.
            asyncio.get_running_loop().call_soon(self._send)
        except RuntimeError:
            self._loop.call_soon_threadsafe(self._send)

    def _send(self) -> None:
        changes, self._changes = self._changes, []
        push(self._document, self._comm, msg=diff(self._document, events=changes))


class Box(pn.FlexBox):
    """What a workbench is in; in a notebook all that changes in it is sent."""

    def _get_model(
        self,
        doc: Document,
        root: Model | None = None,
        parent: Model | None = None,
        comm: Comm | None = None,
    ) -> Model:
        if comm is not None:
            Changes(doc, comm)
        return super()._get_model(doc, root, parent, comm)
