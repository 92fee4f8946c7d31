"""Scripts and styles for a notebook's page: the workbench works there without a network."""

from __future__ import annotations

import json
import sys
from base64 import b64encode
from pathlib import Path

import panel as pn
from panel.io.notebook import load_notebook
from panel.io.resources import CDN_DIST, DIST_DIR
from panel.viewable import Viewable
from panel_material_ui.base import BUNDLE_PATH
from panel_material_ui.base import CDN_DIST as MATERIAL_UI
from panel_material_ui.theme import MaterialDesign

WORKBENCH = "bp-workbench"
"""The class of what a workbench is in."""

STYLES = (
    "css/*.css",
    "bundled/theme/material*.css",
    "bundled/datatabulator/*/dist/css/tabulator_simple.min.css",
    "bundled/datatabulator/*/dist/css/tabulator_midnight.min.css",
)
"""Panel's own style sheets, of which its components name some by their addresses."""

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
    # It holds fonts, which are given to the page itself, and calendars, of which there are none.
    styles[MATERIAL_UI.replace(".js", ".css")] = ""
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
        if viewable.select(lambda each: WORKBENCH in each.css_classes):
            return viewable
        return wrap(self, viewable)

    MaterialDesign._wrapper = wrap_others
