"""The explanation of a number at two moments as HTML: both values, and the change of each term."""

from __future__ import annotations

from html import escape

from ...analysis.explanations.explained_difference import TermChange, changes
from ...analysis.explanations.explanation import Explanation
from ..plots.numbers import number_html, numbers
from .explanation_html import equations_html, path_html
from .explanation_links import ring
from .shown_number import Shown, about_html, kind_of, with_tokens
from .terms_table import FIRST_TERMS, bar, cells_of, joined, label_of, more_button

OTHER_EXAMPLES = (
    "The runs have different data: <b>theirs</b> is of other examples at the same places of the "
    "batch."
)


def difference_html(
    ours: Explanation, theirs: Explanation, shown: Shown, same_examples: bool
) -> str:
    """Return how a number differs between two moments, as HTML.

    Parameters
    ----------
    ours, theirs : Explanation
    shown : Shown
    same_examples : bool
        Whether both are of the same examples.
    """
    found = changes(ours, theirs)
    # At the same places, other data have examples that need not be equal where ours are.
    groups = _grouped(found, shown) if same_examples else [[change] for change in found]
    more = more_button(len(groups), shown.everything)
    return "".join(
        [
            path_html(shown),
            f'<div class="bp-name"><h3>Difference of {escape(ours.name)}</h3> '
            f"{kind_of(ours.cell, shown.record)}</div>",
            f'<div class="bp-value">{number_html(ours.value - theirs.value)}</div>',
            f"<p>{about_html(ours.cell, shown)}</p>",
            f'<table class="bp-facts"><tr><td>ours</td><td>{number_html(ours.value)}</td></tr>'
            f"<tr><td>theirs</td><td>{number_html(theirs.value)}</td></tr></table>",
            "" if same_examples else f"<p>{OTHER_EXAMPLES}</p>",
            f"<p>{with_tokens(ours.sentence, shown)}</p>",
            equations_html(ours.equation),
            _table(groups, shown),
            more,
        ]
    )


def _grouped(found: list[TermChange], shown: Shown) -> list[list[TermChange]]:
    """Return the changes that share a row: those of equal examples; the largest sum first."""
    groups = joined(found, lambda change: change.term, shown.source)
    if len(groups) == len(found):
        return groups
    return sorted(groups, key=lambda group: abs(_sum_of(group).value), reverse=True)


def _sum_of(group: list[TermChange]) -> TermChange:
    return TermChange(
        group[0].term, sum(change.ours for change in group), sum(change.theirs for change in group)
    )


def _table(groups: list[list[TermChange]], shown: Shown) -> str:
    sums = list(map(_sum_of, groups))
    rows = len(groups) if shown.everything else FIRST_TERMS
    largest = max((abs(change.value) for change in sums), default=0.0)
    of_examples = len({change.term.example for change in sums}) > 1
    columns = zip(
        groups[:rows],
        sums[:rows],
        numbers(change.ours for change in sums[:rows]),
        numbers(change.theirs for change in sums[:rows]),
        numbers(change.value for change in sums[:rows]),
        strict=True,
    )
    body = "".join(
        f"<tr {ring([cell for change in group for cell in cells_of(change.term)])}>"
        f"<td>{label_of(whole.term, shown.source, of_examples, len(group))}</td>"
        f"<td>{ours}</td><td>{theirs}</td>"
        f'<td class="bp-bar">{bar(whole.value, largest, shown.theme)}</td>'
        f'<td class="bp-total">{value}</td></tr>'
        for group, whole, ours, theirs, value in columns
    )
    head = "<tr><th>term</th><th>ours</th><th>theirs</th><th></th><th>change</th></tr>"
    return f'<div class="bp-scroll"><table>{head}{body}</table></div>'
