"""Hold the focus in a dialog while it is open.

Material UI asks the document for the focused element, which in a shadow tree is the tree's host: it
takes the focus for lost, and Tab leads to what the dialog covers.

Gain: keys act on what is seen.
Upstream: Material UI's `FocusTrap` would look into shadow trees.
Without the symbol, the class of its dialogs: Tab leaves them.
"""

from pathlib import Path

DIALOG_FOCUS = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
"""The JavaScript of the patch."""
