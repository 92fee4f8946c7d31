"""The lists of an explanation as HTML: its symbols, where it is used, and what belongs to it."""

from __future__ import annotations

from html import escape

import numpy as np

from ...analysis.explanations.explanation import Explanation, Factor
from ...analysis.explanations.related import related
from ...analysis.explanations.uses import Use, uses
from ...analysis.record_cell import OF_PARAMETERS, RecordCell
from ...nn.record import StepRecord
from ..plots.numbers import LEAST_IN_COLUMN, number
from ..state.cell import cell_of
from .explanation_links import factor_html, link, message
from .shown_number import Shown, kind_of

FIRST_USES, MOST_USES = 8, 500
"""Links to the numbers of a row or column that a number is used in: at first, and on demand."""


def working_html(explanation: Explanation) -> str:
    """Return what the symbols of the equation stand for: name, meaning and value of each."""
    rows = "".join(
        f"<tr><td>{escape(factor.name)}</td><td>{escape(factor.meaning)}</td>"
        f"<td>{factor_html(factor, number(factor.value, LEAST_IN_COLUMN))}</td></tr>"
        for factor in _symbols(explanation)
    )
    return f'<table class="bp-facts">{rows}</table>' if rows else ""


def _symbols(explanation: Explanation) -> list[Factor]:
    """Return the intermediate results, and before them the factors of a term that is alone."""
    if len(explanation.terms) != 1 or not any(each.cell for each in explanation.factors):
        return list(explanation.working)
    own = (*explanation.terms[0].factors, *explanation.working)
    return list({factor.name: factor for factor in own}.values())


def uses_html(cell: RecordCell, shown: Shown) -> str:
    """Return links to the numbers that a number is used in."""
    lines = "<br>".join(f"Used in {_use(use, shown)}" for use in uses(shown.record, cell))
    return f'<p class="bp-facts">{lines}</p>' if lines else ""


def _use(use: Use, shown: Shown) -> str:
    """Return the links of a use: all, or the first and those on the path."""
    if not use.each:
        return _linked(use.name, use.cells[0], shown)
    most = MOST_USES if shown.all_uses else FIRST_USES
    listed = [*use.cells[:most], *(cell for cell in use.cells[most:] if cell in shown.path)]
    links = " ".join(_linked(str(cell.index[use.axis]), cell, shown) for cell in listed)
    more = " …" if len(listed) < len(use.cells) else ""
    return f"{escape(use.name)} of each {use.each}: {links}{more}{_more_uses(use, shown)}"


def _linked(text: str, cell: RecordCell, shown: Shown) -> str:
    """Return a link to a number, marked if it is on the path that led here."""
    html = link(escape(text), cell)
    return f'<b title="on the path that led here">{html}</b>' if cell in shown.path else html


def _more_uses(use: Use, shown: Shown) -> str:
    """Return the button that lists all uses or the first; none for few."""
    count = len(use.cells)
    if count <= FIRST_USES:
        return ""
    label = f"first {FIRST_USES}" if shown.all_uses else f"all {count:,}"
    attributes = f'data-key="uses {escape(use.name)}" {message(uses=not shown.all_uses)}'
    return f' <button class="bp-link" {attributes}>{label}</button>'


def related_html(explanation: Explanation, shown: Shown) -> str:
    """Return the rest of the numbers of the same parameter or unit, and the rank of this one."""
    record, cell = shown.record, explanation.cell
    listed = {cell, *(factor.cell for factor in _symbols(explanation))}
    links = [
        f"<tr><td>{escape(other.name(record))}</td>"
        f"<td>{kind_of(other, record)}</td><td>{link(_value(other, record), other)}</td></tr>"
        for other in related(record, cell)
        if other not in listed
    ]
    if cell.quantity in OF_PARAMETERS and shown.last_updates is not None:
        place = cell_of(cell, shown.source.widths)
        update = number(float(shown.last_updates[place.layer][place.index]), LEAST_IN_COLUMN)
        links.append(f"<tr><td>last update</td><td></td><td>{update}</td></tr>")
    table = f'<table class="bp-facts">{"".join(links)}</table>' if links else ""
    return f'{table}<p class="bp-facts">{_rank(cell, record)}</p>'


def _value(cell: RecordCell, record: StepRecord) -> str:
    return number(cell.value(record), LEAST_IN_COLUMN)


def _rank(cell: RecordCell, record: StepRecord) -> str:
    """Return the rank of a number in its matrix by magnitude."""
    values = cell.values(record)
    value = values[cell.index]
    if values.size < 2 or not np.isfinite(value):
        return ""
    larger = int((np.abs(values) > abs(value)).sum())
    symbol = escape(cell.symbol(record))
    if not values.any():
        return f"{symbol}: all {values.size:,} numbers are 0"
    return f"{symbol}: number {larger + 1:,} of {values.size:,} from the largest in size"
