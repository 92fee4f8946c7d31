"""Let the Tab key go through the rows of a table, and out of it.

Tabulator makes the box that scrolls a table's rows a tab stop, which a grid may not hold. A cell
that can be edited takes the focus and gives it to its editor: backwards from there the browser
comes to the cell, which gives the focus to the editor again.

Gain: screen readers read the table as one, and Shift and Tab leave the cells that can be edited.
Upstream: an option of Tabulator, or a role for that box; a cell that is no stop while it is edited.
Without the symbol: the table is read as if it had no rows, and Shift and Tab stay in its editors.
"""

from pathlib import Path

TABLE_FOCUS = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
"""The JavaScript of the patch."""
