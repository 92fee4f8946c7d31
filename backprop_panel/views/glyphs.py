"""How the glyphs of a HoloViews plot are drawn."""

from __future__ import annotations

from bokeh.models import GlyphRenderer


def draw_one_way(renderer: GlyphRenderer) -> None:
    """Draw what is selected, muted or neither alike.

    HoloViews makes a glyph for each of these, and Bokeh prepares the data of all of them with each
    change. Those it makes by itself share what was prepared for the first.
    """
    renderer.update(
        selection_glyph=None, nonselection_glyph=None, hover_glyph=None, muted_glyph=None
    )
