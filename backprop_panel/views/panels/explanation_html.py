"""An explanation as HTML: its value, equations, terms, and links to what it is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape
from math import isfinite

from ...analysis.explanations.explaining import origin_of_non_finite
from ...analysis.explanations.explaining_forward import POWER
from ...analysis.explanations.explanation import Explanation, Term
from ...nn.record import StepRecord
from ..plots.numbers import number
from .explanation_links import link, message
from .explanation_lists import related_html, uses_html, working_html
from .shown_number import Shown, about_html, kind_of, with_tokens
from .terms_table import TermsTable, more_button


def explanation_html(explanation: Explanation, shown: Shown) -> str:
    """Return an explanation as HTML."""
    table = _table(explanation, shown)
    has_origin = any(factor.cell for factor in explanation.factors)
    parts = [
        path_html(shown),
        head_html(explanation, shown),
        f"<p>{about_html(explanation.cell, shown)}</p>",
        f"<p>{with_tokens(explanation.sentence, shown)}</p>",
        shown.checked,
        non_finite_html(explanation, shown.record),
        _said(explanation.note, "bp-warned") if explanation.note else "",
        equations_html(explanation.equation, explanation.numbers) if has_origin else "",
        outlined_html(explanation, shown),
        working_html(explanation),
        '<p class="bp-facts">The sum Σ over all outputs:</p>' if explanation.summed else "",
        table.html(shown.everything) if table.is_needed else "",
        more_button(len(table.rows), shown.everything),
        summary_html(explanation.terms),
        uses_html(explanation.cell, shown),
        _copy_buttons(explanation),
        related_html(explanation, shown),
    ]
    return "".join(parts)


def _table(explanation: Explanation, shown: Shown) -> TermsTable:
    """Return the table of the terms; of a single one, that of the sum in its equation."""
    if explanation.summed:
        of_sum = replace(explanation, terms=explanation.summed)
        return TermsTable(of_sum, shown.source, shown.theme, total=POWER)
    return TermsTable(explanation, shown.source, shown.theme)


def path_html(shown: Shown) -> str:
    """Return the numbers that were followed, each a link back, and the present one."""
    if len(shown.path) < 2:
        return ""
    *before, last = ((escape(cell.name(shown.record)), cell) for cell in shown.path)
    steps = [link(name, cell) for name, cell in before] + [f"<b>{last[0]}</b>"]
    return f'<nav class="bp-path" aria-label="Path">{"<span>›</span>".join(steps)}</nav>'


def head_html(explanation: Explanation, shown: Shown) -> str:
    """Return name, value and kind of a number."""
    kind, step = kind_of(explanation.cell, shown.record), shown.record.step
    when = f"step {step:,}" if shown.record.updated else f"after step {step:,}"
    return (
        f'<div class="bp-name"><h3>{escape(explanation.name)}</h3> {kind} · {when}</div>'
        f'<div class="bp-value" title="{explanation.value!r}">{number(explanation.value)}</div>'
    )


def equations_html(*equations: str) -> str:
    """Return equations in LaTeX as elements that are typeset in the browser."""
    return "".join(f'<div class="bp-equation" data-tex="{escape(tex)}"></div>' for tex in equations)


def non_finite_html(explanation: Explanation, record: StepRecord) -> str:
    """Name the first operand that is not finite, and where that began."""
    if isfinite(explanation.value):
        return ""
    way = origin_of_non_finite(record, explanation.cell)
    if len(way) == 1:
        return _said(
            "It began here: what it is made of is finite, and so it overflowed.", "bp-warned"
        )
    first, origin = (link(escape(cell.name(record)), cell) for cell in (way[1], way[-1]))
    return _said(f"Not finite, because {first} is not; it began with {origin}.", "bp-warned")


def summary_html(terms: Sequence[Term]) -> str:
    """Say what the terms push up and down, and what of it is left."""
    values = [term.value for term in terms if isfinite(term.value)]
    up, down = ([v for v in values if v > 0], [v for v in values if v < 0])
    if not (up and down) or len(values) < 3:
        return ""
    left = abs(sum(values)) / sum(map(abs, values))
    return _said(
        f"{_counted(up, 'positive')} to <b>{number(sum(up))}</b>, "
        f"{_counted(down, 'negative')} to <b>{number(sum(down))}</b>: "
        f"they cancel down to {_percent(left)} of the sum of their magnitudes."
    )


def outlined_html(explanation: Explanation, shown: Shown) -> str:
    """Say which numbers in it the gradient row of the map shows, and a button for the others."""
    cells = [explanation.cell, *(each.cell for each in explanation.factors if each.cell)]
    deltas = {cell.symbol(shown.record): cell for cell in cells if cell.quantity == "deltas"}
    hidden = [name for name, cell in deltas.items() if cell.layer < len(shown.record.deltas) - 1]
    if shown.deltas_shown and deltas:
        text = "The gradient row of the map shows δ = ∂L/∂z."
        label = "Show ∂L/∂a on the map"
    elif explanation.cell.quantity == "deltas" and hidden:
        text = "The frame on the map is around ∂L/∂a of the same unit, not around δ."
        label = "Show δ on the map"
    elif hidden:
        text = (
            f"{hidden[0]} is outlined as well once the gradient row of the map shows it "
            "in place of ∂L/∂a."
        )
        label = "Show δ on the map"
    else:
        return ""
    attributes = message(deltas=not shown.deltas_shown)
    button = f'<button data-key="deltas" {attributes}>{label}</button>'
    return f'<p class="bp-facts">{text}<br>{button}</p>'


def _copy_buttons(explanation: Explanation) -> str:
    tex, line = f"{explanation.equation}\n\n{explanation.numbers}", escape(explanation.numpy)
    return (
        f'<p><button data-key="latex" data-copy="{escape(tex)}">Copy LaTeX</button>'
        f'<button data-key="numpy" data-copy="{line}" title="{line}">Copy NumPy</button></p>'
    )


def _said(text: str, css_class: str = "") -> str:
    return f'<div class="bp-said {css_class}">{text}</div>'


def _counted(values: Sequence[float], sign: str) -> str:
    return f"{len(values):,} {sign} {'terms sum' if len(values) > 1 else 'term comes'}"


def _percent(share: float) -> str:
    return "less than 0.1%" if share < 0.001 else f"{number(100 * share, digits=2)}%"
