"""Find what stands beside a component in its layout.

A component of one's own is given its element. That is in a shadow tree of its own, within that of
the layout, where the elements of the layout's other parts are.

Gain: arrows begin and end at heatmaps, wherever the layout puts them.
Upstream: the views of the layout and of its parts, for a component of one's own.
Without the symbols: slow motion draws no arrows, and its script fails.
"""

from pathlib import Path

LAYOUT_CHILDREN = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
"""JavaScript functions that `Arrows` calls."""
