"""Parts in one place: one is in sight, and the others keep their layout behind it.

A part whose `visible` is taken away loses its layout, and Bokeh lays out the whole page when the
part comes back. A part that keeps its layout comes back within a frame.
"""

from __future__ import annotations

from collections.abc import Iterable

import panel as pn

IN_SIGHT = {"position": "static", "content-visibility": "visible"}
BEHIND = {"position": "absolute", "content-visibility": "hidden", "inset": "0 0 auto"}
"""The styles of the part that is shown, and of the others in its place."""


def show_only(shown: pn.viewable.Viewable, parts: Iterable[pn.viewable.Viewable]) -> None:
    """Show one of several parts of a container, and keep the others behind it."""
    for part in parts:
        part.styles = IN_SIGHT if part is shown else BEHIND
