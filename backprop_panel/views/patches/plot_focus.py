"""Have a plot be a tab stop with a name, and let one finger scroll the page.

BokehJS makes a part of each plot a tab stop, without role or name, and keeps all touches of a plot
that can be panned. A figure's `html_attributes` give it a role, a name and its tab stop.

Gain: plots can be used with the keyboard and on a phone.
Upstream: attributes for the element that takes the focus, and a public `touch-action`.
Without the symbols: each plot is two tab stops, one of them nameless, and stops a page's scrolling.
"""

from pathlib import Path

PLOT_FOCUS = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
"""The JavaScript of the patch."""
