"""Leave plots that are still being built out when a page is laid out.

A page that changes while it opens is laid out again before all of its plots are built, and BokehJS
fails for the first that is not.

Gain: an early press leaves no error in the console.
Upstream: `PlotView` would look whether it has a layout.
Without the symbol: an early press may leave errors; what is shown in the end is right.
"""

from pathlib import Path

UNBUILT_PLOTS = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
"""The JavaScript of the patch."""
