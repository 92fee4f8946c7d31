"""Leave tables one way through them: their rows.

Tabulator makes the box that scrolls a table's rows a tab stop, which a grid may not hold.

Gain: screen readers read the table as one.
Upstream: an option of Tabulator, or a role for that box.
Without the symbol: the table is read as if it had no rows.
"""

from pathlib import Path

TABLE_FOCUS = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
"""The JavaScript of the patch."""
