"""An explanation as HTML: its value, equations, terms, and links to what it is made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from math import isfinite

import numpy as np

from ...analysis.explaining import origin_of_non_finite
from ...analysis.explanation import Explanation, Factor, Term
from ...analysis.record_cell import OF_PARAMETERS, RecordCell
from ...analysis.related import related
from ...nn.record import Array, StepRecord
from ..plots.colors import Theme
from ..plots.html import number
from ..state.cell import cell_of
from ..state.map_source import MapSource
from .explanation_links import example_html, factor_html, link, message
from .terms_table import TermsTable, more_button

KINDS = {
    "pre_activations": "pre-activation",
    "activations": "activation",
    "activation_slopes": "slope of the activation",
    "logits": "logit",
    "probabilities": "probability",
    "loss": "loss",
    "deltas": "delta, ∂L/∂z",
    "activation_gradients": "gradient",
    "weight_gradients": "gradient",
    "bias_gradients": "gradient",
    "weight_updates": "update",
    "bias_updates": "update",
    "weights": "weight",
    "biases": "bias",
    "new_weights": "weight after the step",
    "new_biases": "bias after the step",
    "mean": "running mean",
    "mean_square": "running mean square",
    "velocity": "velocity",
}


@dataclass(frozen=True)
class Shown:
    """What an explanation is shown with.

    Attributes
    ----------
    source : MapSource
        For the tokens of examples and the names of units.
    record : StepRecord
    theme : Theme
    path : tuple of RecordCell
        The numbers that were followed.
    everything : bool
        Whether all terms are shown.
    deltas_shown : bool
        Whether the map shows deltas.
    last_updates : sequence of array, shape (in + 1, out), optional
        What the step before added to each layer, for a record without an update.
    """

    source: MapSource
    record: StepRecord
    theme: Theme
    path: tuple[RecordCell, ...]
    everything: bool = False
    deltas_shown: bool = False
    last_updates: Sequence[Array] | None = None


def explanation_html(explanation: Explanation, shown: Shown) -> str:
    """Return an explanation as HTML."""
    table = TermsTable(explanation, shown.source, shown.theme)
    has_origin = any(factor.cell for factor in explanation.factors)
    parts = [
        path_html(shown),
        head_html(explanation, shown),
        f"<p>{about_html(explanation.cell, shown)}</p>",
        f"<p>{escape(explanation.sentence)}</p>",
        non_finite_html(explanation, shown.record),
        _said(explanation.note, "bp-warned") if explanation.note else "",
        equations_html(explanation.equation, explanation.numbers) if has_origin else "",
        table.html(shown.everything) if table.is_needed else "",
        summary_html(explanation.terms),
        working_html(explanation.working if table.is_needed else _single_working(explanation)),
        _buttons(explanation, table, shown),
        related_html(explanation.cell, shown),
    ]
    return "".join(parts)


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


def kind_of(cell: RecordCell, record: StepRecord) -> str:
    """Return what kind of number it is, in words."""
    if cell.quantity == "activations":
        return {0: "input", len(record.deltas): "logit"}.get(cell.layer, "activation")
    return KINDS[cell.quantity]


def about_html(cell: RecordCell, shown: Shown) -> str:
    """Return what a number belongs to: the units that a weight joins, an example, an output."""
    source, record = shown.source, shown.record
    if cell.quantity == "loss":
        return _example(source, cell.index[0]) if cell.index else ""
    place = cell_of(cell, source.widths)
    if cell.quantity in OF_PARAMETERS:
        below, above = (RecordCell("activations", place.layer + k).symbol(record) for k in (0, 1))
        unit = place.column
        if place.kind == "bias":
            return f"bias of unit {unit}: added to z{place.layer + 1}[·, {unit}]"
        return f"from {below}[·, {place.row}] to {above}[·, {unit}]"
    unit = source.unit_description(place.layer, place.column)
    return f"{escape(unit)}<br>{_example(source, place.row)}"


def _example(source: MapSource, row: int) -> str:
    known = source.example_tokens(row) or source.example_label(row)
    return f"in example {row}" + (f": {example_html(source, row)}" if known else "")


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
        f"they cancel to {_percent(left)} of what was pushed."
    )


def working_html(factors: Iterable[Factor]) -> str:
    """Return intermediate results, a line each."""
    rows = "".join(
        f"<tr><td>{escape(factor.name)}</td><td>{factor_html(factor)}</td></tr>"
        for factor in factors
    )
    return f'<table class="bp-facts">{rows}</table>' if rows else ""


def _single_working(explanation: Explanation) -> list[Factor]:
    """Return what a number with a single term is computed from, each once."""
    if not any(factor.cell for factor in explanation.factors):
        return list(explanation.working)
    return list({factor.name: factor for factor in explanation.factors}.values())


def related_html(cell: RecordCell, shown: Shown) -> str:
    """Return the other numbers of the same parameter or unit, and the rank of this one."""
    record = shown.record
    links = [
        f"<tr><td>{escape(other.name(record))}</td>"
        f"<td>{kind_of(other, record)}</td><td>{link(number(other.value(record)), other)}</td></tr>"
        for other in related(record, cell)
        if other != cell
    ]
    if cell.quantity in OF_PARAMETERS and shown.last_updates is not None:
        place = cell_of(cell, shown.source.widths)
        update = number(float(shown.last_updates[place.layer][place.index]))
        links.append(f"<tr><td>last update</td><td></td><td>{update}</td></tr>")
    table = f'<table class="bp-facts">{"".join(links)}</table>' if links else ""
    return f'{table}<p class="bp-facts">{_rank(cell, record)}</p>'


def _buttons(explanation: Explanation, table: TermsTable, shown: Shown) -> str:
    buttons = [more_button(len(table.rows), shown.everything)]
    names_deltas = any(each.cell and each.cell.quantity == "deltas" for each in explanation.factors)
    if names_deltas:
        label = "Show ∂L/∂a on the map" if shown.deltas_shown else "Show δ on the map"
        attributes = message(deltas=not shown.deltas_shown)
        buttons.append(f'<button data-key="deltas" {attributes}>{label}</button>')
    tex = f"{explanation.equation}\n\n{explanation.numbers}"
    buttons.append(f'<button data-key="latex" data-copy="{escape(tex)}">Copy LaTeX</button>')
    line = escape(explanation.numpy)
    buttons.append(
        f'<button data-key="numpy" data-copy="{line}" title="{line}">Copy NumPy</button>'
    )
    return f"<p>{''.join(buttons)}</p>"


def _rank(cell: RecordCell, record: StepRecord) -> str:
    """Return the rank of a number in its matrix by magnitude."""
    values = cell.values(record)
    value = values[cell.index]
    if values.size < 2 or not np.isfinite(value):
        return ""
    larger = int((np.abs(values) > abs(value)).sum())
    symbol = escape(cell.symbol(record))
    return f"{symbol}: number {larger + 1:,} of {values.size:,} from the largest in size"


def _said(text: str, css_class: str = "") -> str:
    return f'<div class="bp-said {css_class}">{text}</div>'


def _counted(values: Sequence[float], sign: str) -> str:
    return f"{len(values):,} {sign} {'terms sum' if len(values) > 1 else 'term comes'}"


def _percent(share: float) -> str:
    return "less than 0.1%" if share < 0.001 else f"{100 * share:.2g}%"
