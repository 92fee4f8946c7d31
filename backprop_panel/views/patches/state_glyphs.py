"""How the glyphs of a HoloViews plot are drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakMethod

from bokeh.models import GlyphRenderer


def draw_one_way(renderer: GlyphRenderer) -> None:
    """Draw what is selected, muted or neither alike.

    HoloViews makes a glyph for each of these, and Bokeh prepares the data of all of them with each
    change. Those it makes by itself share what was prepared for the first.
    """
    renderer.update(
        selection_glyph=None, nonselection_glyph=None, hover_glyph=None, muted_glyph=None
    )


def hook(method: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    """Return a hook for a HoloViews element that calls a bound method while its owner lives.

    HoloViews keeps the options of an element, its hooks among them, until the element is gone. A
    hook that held its owner, by which the page and so the element is held, would keep all of them.
    """
    reference = WeakMethod(method)

    def call(plot: Any, element: Any) -> None:
        bound = reference()
        if bound is not None:
            bound(plot, element)

    return call
