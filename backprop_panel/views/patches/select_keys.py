"""Open select fields by keyboard.

Panel Material UI tells its select fields whether they are open, and hears of clicks alone: the keys
by which Material UI opens them do nothing.

Gain: a run, an optimizer or a scale can be chosen without a mouse.
Upstream: `Select.jsx` would hand Material UI an `onOpen`.
Without the symbols, the attributes of these fields: they open by a click alone.
"""

from pathlib import Path

SELECT_KEYS = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
"""The JavaScript of the patch."""
