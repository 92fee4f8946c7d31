"""Find the button that was pressed, its label and its component, and learn when its work is done.

A page's script hears of a press as an event of the document. The button is in the shadow tree of a
component of Panel Material UI, whose parameters are in a model of their own behind its view.

Gain: a button shows its work before the server answers, and a press counts although its button has
moved away under it.
Upstream: attributes of a component's element that name its model, and a `loading` that is shown
from the press on.
Without the symbols: the script fails with each press; buttons work, but not those that move away.
"""

from pathlib import Path

PRESSED_WIDGETS = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
"""JavaScript functions that `Presses` calls."""
