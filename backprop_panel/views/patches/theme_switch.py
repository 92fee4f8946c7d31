"""Show a new theme once all components and plots of the page have it.

In Panel Material UI, each component takes the theme in a drawing of its own, and the plots take it
last: on a busy machine, seconds after the page.

Gain: no moment with dark labels on dark, and white plots.
Upstream: one drawing for all components of a page.
Without the symbols: the page is in mixed colours for that moment.
"""

from pathlib import Path

THEME_SWITCH = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
"""The JavaScript function that `ThemeMemory` calls."""
