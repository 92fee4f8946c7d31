"""Write a plot's style sheet only when its text changes.

With each frame, BokehJS writes the style sheets of every plot again, and the browser recomputes
the styles that depend on them.

Gain: three frames in the time of two.
Upstream: `InlineStyleSheet` would compare the text before it writes.
Without the symbol: frames cost more.
"""

from pathlib import Path

STYLE_SHEETS = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
"""The JavaScript of the patch."""
