"""Lay a page out at the first of a frame's resizes and after the last, not at each.

BokehJS lays out all of a layout again for each of its parts whose size has changed: a resized
window changes that of hundreds.

Gain: with all tabs open, a window is resized in two thirds of the time (one round in turn with it).
Upstream: `LayoutDOMView` would gather the resizes of a frame.
Without the symbols: a resize takes longer the more tabs were opened.
"""

from pathlib import Path

LAYOUT_PASSES = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
"""The JavaScript of the patch."""
