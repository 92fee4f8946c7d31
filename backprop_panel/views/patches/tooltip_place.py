"""Show the tooltip of a heatmap beside it, and what plots say in the colours of the page.

BokehJS places a tooltip at either side of the pointer, wherever that is: on the cells that it is
about, or on the explanation beside the map. Its colours, and those of what a plot says over itself,
are those of a light page.

Gain: the cells around the pointer, and the explanation, stay in sight.
Upstream: a boundary element for tooltips, and colours that follow the theme.
Without the symbols: tooltips cover what they are about, and are white on a dark page.
"""

from pathlib import Path

TOOLTIP_PLACE = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
"""The JavaScript of the patch."""
