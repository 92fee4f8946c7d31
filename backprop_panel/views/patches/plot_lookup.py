"""Find the plot that has the focus, a plot by its name, and the text of a tooltip.

BokehJS gives a script of the page no way from an element to its view, and draws the text of a hover
in the shadow tree of a tooltip.

Gain: keys move through the cells of a heatmap, and screen readers read its hover.
Upstream: events of the keyboard on a figure, and the text of a hover in an event.
Without the symbols: keys do nothing in a plot, its table does not open, its hover is not read.
"""

from pathlib import Path

PLOT_LOOKUP = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
"""JavaScript functions that `PlotKeys` calls."""
