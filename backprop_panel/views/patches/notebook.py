"""Scripts, styles and changes for a notebook's page: the workbench works there without a network.

Panel's extension for notebooks loads scripts, style sheets and fonts from a CDN, sends every change
in messages of its own, and drops changes of plots that are held. A page that draws an output again,
as after a reload, gets only the changes from then on.

Gain: a workbench in a notebook without a network, which also follows training. Without the patch
its cell stays empty.
Upstream: `pn.extension(inline=True)` would serve all that its components load, and `pn.io.hold`
would keep changes where there is no session.
Without the symbols: importing `backprop_panel.views` in a notebook fails, or its cell stays empty.
"""

from __future__ import annotations

import asyncio
import json
import sys
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import panel as pn
from bokeh.document import Document
from bokeh.document.events import DocumentChangedEvent, DocumentPatchedEvent
from bokeh.model import Model
from panel.io.model import diff
from panel.io.notebook import load_notebook, push
from panel.io.resources import CDN_DIST, DIST_DIR
from panel.io.state import state
from panel.viewable import Viewable
from panel_material_ui.base import BUNDLE_PATH
from panel_material_ui.base import CDN_DIST as MATERIAL_UI
from panel_material_ui.theme import MaterialDesign
from pyviz_comms import Comm

STYLES = (
    "css/*.css",
    "bundled/theme/material*.css",
    "bundled/datatabulator/*/dist/css/tabulator_materialize.min.css",
)
"""Panel's style sheets that components refer to by address, relative to its folder."""

FONT_STYLES = (
    CDN_DIST + "bundled/font-awesome/css/all.min.css",
    MATERIAL_UI.replace(".js", ".css"),
)
"""Style sheets of fonts alone: the workbench shows no icon fonts and sends its text font itself."""

LAST_SCRIPT = "function(Bokeh) {} // ensure no trailing comma for IE"
"""The last function that Panel's loader calls: after all scripts, before anything is drawn."""

SHIM_MODE = "window.esmsInitOptions = {...window.esmsInitOptions, shimMode: true}"
"""Lets es-module-shims take import maps; it reads its options once, as it is loaded.

Panel sets this option by an element beside the scripts. When a saved notebook is opened, JupyterLab
runs the scripts of an output further down before its elements are in the page.
"""

RETRY_SECONDS = 0.1
"""The time between two looks whether the page of an output is there."""

_shown_in: int | None = None


def in_notebook() -> bool:
    """Return whether this is an IPython kernel running a cell, not a server's session."""
    ipython = sys.modules.get("IPython")
    shell = ipython and ipython.get_ipython()
    return hasattr(shell, "kernel") and pn.state.curdoc is None


def prepare_notebook() -> None:
    """Load Panel's extension for notebooks without its output.

    `show_scripts` sends the scripts with each workbench instead of once with the import: a page
    that is reloaded then needs only the workbench's cell to be run again.
    """
    from IPython.utils.capture import capture_output

    with capture_output(stdout=False, stderr=False):
        pn.extension("tabulator", "katex")
    _leave_plots_alone()


def show_scripts() -> None:
    """Display all scripts and styles, once in each execution of a cell."""
    global _shown_in
    from IPython.display import HTML, Javascript, display
    from IPython.utils.capture import capture_output

    execution = sys.modules["IPython"].get_ipython().execution_count
    if execution == _shown_in:
        return
    _shown_in = execution
    with capture_output(stdout=False, stderr=False) as published:
        load_notebook(inline=True)
    # Panel publishes each script twice, as another type for older notebooks, which would double the
    # size of the saved file. One output for all: each leaves a gap above the workbench.
    shown = [output.data for output in published.outputs]
    (style,) = (data["text/html"] for data in shown if "text/html" in data)
    loader, comms = (
        data["application/javascript"] for data in shown if "application/javascript" in data
    )
    loader = loader.replace(LAST_SCRIPT, _last_script())
    loader = f"if (!window.Bokeh?.asks_no_network) {{ {SHIM_MODE}; {loader}\n}}"
    display(HTML(style), Javascript(f"{loader};\n{comms}"))


def _last_script() -> str:
    """Return the JavaScript function that serves in the page what would come from a CDN."""
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
    """Keep the plots' own style: in notebooks panel-material-ui enlarges the labels of all axes."""
    wrap = MaterialDesign._wrapper

    def wrap_others(self: MaterialDesign, viewable: Viewable) -> Viewable:
        """Wrap a viewable, unless a workbench is in it."""
        if viewable.select(Box):
            return viewable
        return wrap(self, viewable)

    MaterialDesign._wrapper = wrap_others


class Changes:
    """Sends all changes of a document to a notebook's page, those of one moment in one message.

    Panel sends changes of its own components. Those of Bokeh models alone, as of a plot's data, are
    lost: `pn.io.hold` drops them where there is no session. While the page is still being drawn,
    Panel tries again to send each message by itself, so that one could come before another whose
    models it refers to: here they wait together.

    Parameters
    ----------
    document : Document
        The document of one output.
    comm : Comm
        The channel to the page.
    """

    def __init__(self, document: Document, comm: Comm) -> None:
        self._document = document
        self._comm = comm
        comm.init = _opening_once(comm)
        self._changes: list[DocumentPatchedEvent] = []
        self._loop = asyncio.get_running_loop()
        self._loop.call_soon(self._begin)

    def _begin(self) -> None:
        """Begin after the page has been sent the document, which holds all earlier changes."""
        callbacks = self._document.callbacks
        callbacks._held_events = []
        self._document.unhold()
        self._react = callbacks.trigger_on_change
        callbacks.trigger_on_change = self._take

    def _take(self, event: DocumentChangedEvent) -> None:
        if not isinstance(event, DocumentPatchedEvent) or event.setter == self._comm.id:
            self._react(event)  # from the page itself
            return
        self._changes.append(event)
        if len(self._changes) == 1:
            self._send_soon()

    def _send_soon(self) -> None:
        try:
            # The page's messages may be read in a thread with a loop of its own.
            asyncio.get_running_loop().call_soon(self._send)
        except RuntimeError:
            self._loop.call_soon_threadsafe(self._send)

    def _send(self) -> None:
        if self._comm._comm is None:  # until the page has opened it
            self._loop.call_later(RETRY_SECONDS, self._send)
            return
        changes, self._changes = self._changes, []
        push(self._document, self._comm, msg=diff(self._document, events=changes))


def _opening_once(comm: Comm) -> Callable[[], None]:
    """Return what opens a channel unless it is open.

    A page opens it once more that draws the output from the notebook's file. It has the document as
    it was at first, and the changes since, made to that one, would show what never was.
    """
    init, first = comm.init, None

    def open_once() -> None:
        """Open the channel unless it is open, and tell the page so by a message without content."""
        nonlocal first
        if comm._comm is None:
            init()
            comm.send(metadata={"msg_type": "Ready"})
        answering = _answering(comm)
        if answering is not None:
            # Answers go to the first page, which sends nothing more until it has one.
            answering._comm = first = first or answering._comm

    return open_once


def _answering(comm: Comm) -> Comm | None:
    """Return the channel from the page that belongs to one to it."""
    pairs = (pair for view, *_ in state._views.values() for pair in view._comms.values())
    return next((from_page for to_page, from_page in pairs if to_page is comm), None)


class Box(pn.FlexBox):
    """The outermost layout of a workbench; in a notebook it sends all changes of the document."""

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
