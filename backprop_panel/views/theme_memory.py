"""The theme that a person chose: the browser keeps it in a cookie, for when the page is made anew.

A page is made anew when it is loaded again, and when its server was started again.
"""

from __future__ import annotations

from pathlib import Path

import panel as pn
import param

COOKIE = "backprop_panel_theme"


def apply_chosen_theme() -> None:
    """Let the page begin in the theme that was chosen before, unless its address names one."""
    # A page that is made before the server starts, as by --warm, was asked for by nobody.
    request = getattr(getattr(pn.state.curdoc, "session_context", None), "request", None)
    chosen = (getattr(request, "cookies", None) or {}).get(COOKIE)
    if chosen in ("dark", "default") and "theme" not in pn.state.session_args:
        pn.config.theme = chosen


class ThemeMemory(pn.custom.JSComponent):
    """Keeps the theme in the browser, and brings it back where the server did not know it.

    A page that connects again to a server that was started again sends the cookies that it was
    first loaded with. It shows nothing itself.
    """

    dark = param.Boolean(False, doc="Whether the page is dark.")

    _esm = f'const COOKIE = "{COOKIE}"\n' + Path(__file__).with_suffix(".js").read_text(
        encoding="utf-8"
    )

    def __init__(self, **params: object) -> None:
        super().__init__(width=0, height=0, margin=0, sizing_mode="fixed", **params)
