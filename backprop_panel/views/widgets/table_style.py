"""The look of tables: the colours of the page, lines between cells, and a tint on chosen rows."""

from __future__ import annotations

from ..plots.colors import DARK, LIGHT

_ROWS = """
:host .tabulator { font-size: 12px; }
:host .tabulator, :host .tabulator-header, :host .tabulator-header .tabulator-col,
:host .tabulator-tableholder .tabulator-table, :host .tabulator-row, :host .tabulator-footer {
  background: var(--ground) !important; color: inherit !important;
}
:host .tabulator-row:hover {
  background: color-mix(in srgb, currentColor 6%, var(--ground)) !important;
}
:host .tabulator-row.tabulator-selected {
  background: color-mix(in srgb, #4c6ef5 14%, var(--ground)) !important;
}
:host .tabulator-cell, :host .tabulator-col { border-right: 1px solid #88888840 !important; }
:host .tabulator-cell { border-bottom: 1px solid #88888840 !important; color: inherit !important; }
:host .tabulator-row { border-bottom: none !important; }
:host .tabulator-header { border-bottom: 1px solid #888888a0 !important; }
:host .tabulator-row .tabulator-cell + .tabulator-cell { padding: 6px 8px; }
:host .tabulator-col .tabulator-col-content { padding: 6px 8px !important; }
:host .tabulator-col .tabulator-col-title { padding-right: 20px !important; }
:host .tabulator-col .tabulator-col-sorter { right: 4px !important; }
:host .tabulator-header-filter input {
  background: transparent; color: inherit; border: 1px solid #888888a0; border-radius: 4px;
}
:host .tabulator-header-filter input::placeholder { color: inherit; opacity: 0.75; }
:host .tabulator-cell:has(input[type="checkbox"]) { text-overflow: clip; }
"""


def table_styles(dark: bool) -> list[str]:
    """Return the style sheets of a table of Tabulator.

    None of Tabulator's own themes is dark where the page is, and a change between two of them
    puts the new one above the styles of the page.
    """
    theme = DARK if dark else LIGHT
    return [f":host {{ --ground: {theme.background}; }}", _ROWS]
