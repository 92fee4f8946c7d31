"""Elements of an explanation that lead on: links, and the messages that they send."""

from __future__ import annotations

import json
from collections.abc import Iterable
from html import escape

from ...analysis.explanations.explanation import Factor
from ...analysis.record_cell import RecordCell
from ..plots.html import chip
from ..plots.numbers import number
from ..state.map_source import MapSource


def message(**content: object) -> str:
    """Return an attribute with which an element sends a message when it is clicked."""
    return f'data-send="{escape(json.dumps(content))}"'


def cell_message(cell: RecordCell) -> dict[str, object]:
    """Return a number of a record as JSON."""
    return {"quantity": cell.quantity, "layer": cell.layer, "index": list(cell.index)}


def cell_of_message(content: dict[str, object]) -> RecordCell:
    """Return the number of a record from JSON."""
    return RecordCell(content["quantity"], content["layer"], tuple(content["index"]))


def ring(cells: Iterable[RecordCell]) -> str:
    """Return an attribute with which pointing at an element rings numbers on the map."""
    return f'data-ring="{escape(json.dumps([cell_message(cell) for cell in cells]))}"'


def link(text: str, cell: RecordCell) -> str:
    """Return a link that explains a number; `text` must be escaped."""
    target = cell_message(cell)
    key = escape(json.dumps(target))
    return f'<button class="bp-link" data-key="{key}" {message(follow=target)}>{text}</button>'


def factor_html(factor: Factor, text: str = "") -> str:
    """Return the number of a factor, or its `text` in a column: a link, if it leads on."""
    text = text or number(factor.value)
    return link(text, factor.cell) if factor.cell else text


def example_html(source: MapSource, row: int, most: int | None = None) -> str:
    """Return the tokens of an example, at most the last ones, and its target; or its label."""
    *tokens, target = source.example_tokens(row) or [None]
    if target is None:
        return escape(source.example_label(row) or f"example {row}")
    last = tokens if most is None else tokens[-most:]
    cut = "…" if len(last) < len(tokens) else ""
    return cut + "".join(chip(*token) for token in last) + "→" + chip(*target)
