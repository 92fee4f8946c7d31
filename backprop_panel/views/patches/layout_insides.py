"""Style what Panel's layouts put around their parts, and leave out what they add.

A `FlexBox` holds its parts in an element of its own, with styles of its own: a style sheet reaches
it by its id alone. A column that is laid out as a grid has one part more, the button that scrolls.

Gain: the toolbar and the workbench fit into narrow windows, and no cell of a grid stays empty.
Upstream: classes for the inner element of a `FlexBox`, and columns without that button.
Without the symbols: the toolbar covers the tabs of a narrow window; the map has an empty cell.
"""

from pathlib import Path

LAYOUT_INSIDES = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")
"""Rules of the page's style sheet."""
