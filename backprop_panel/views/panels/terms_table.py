"""The table of an explanation's terms: what each multiplies, with a bar of its share."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from math import isfinite
from typing import TypeVar

from ...analysis.explanations.explanation import Explanation, Factor, Term
from ...analysis.record_cell import RecordCell
from ..plots.colors import Theme
from ..plots.numbers import numbers
from ..state.map_source import MapSource
from .explanation_links import example_html, factor_html, message, ring

FIRST_TERMS = 8
"""Rows of the table until all are asked for."""

Found = TypeVar("Found")

BAR_WIDTH, BAR_HEIGHT = 34, 8


@dataclass(frozen=True)
class Row:
    """One row of the table of terms: a term, or several of the same example.

    Attributes
    ----------
    term : Term
    count : int
        How many terms it stands for.
    value : float
        Their sum.
    cells : list of RecordCell
        The numbers that they are made of.
    """

    term: Term
    count: int
    value: float
    cells: list[RecordCell]


class TermsTable:
    """The table of an explanation's terms.

    Parameters
    ----------
    explanation : Explanation
    source : MapSource
        For the tokens of examples and the names of units.
    theme : Theme
        For the colours of the bars.
    total : str
        The head of the column of the terms' values; a factor of that name has no column of its own.
    """

    def __init__(
        self, explanation: Explanation, source: MapSource, theme: Theme, total: str = "term"
    ) -> None:
        self.explanation, self.source, self.theme = explanation, source, theme
        self.total = total
        self.rows = self._grouped()
        self.common = _common_factors(explanation.terms)

    def html(self, everything: bool = False) -> str:
        """Return the table: its first rows, or all."""
        rows = self.rows if everything else self.rows[:FIRST_TERMS]
        largest = max((abs(row.value) for row in self.rows if isfinite(row.value)), default=0.0)
        columns = zip(*map(self._factors, rows), strict=True)
        cells = zip(*map(_column_html, columns), strict=True)
        totals = numbers(row.value for row in rows)
        body = "".join(
            self._row_html(row, largest, *texts)
            for row, *texts in zip(rows, cells, totals, strict=True)
        )
        return f'<div class="bp-scroll"><table>{self._head()}{body}</table></div>' + self._shared()

    @property
    def is_needed(self) -> bool:
        """Whether there is more than one term."""
        return len(self.rows) > 1

    def _grouped(self) -> list[Row]:
        """Return a row for each term; examples with the same tokens and target share one."""
        rows = [
            Row(
                terms[0],
                len(terms),
                sum(term.value for term in terms),
                [cell for term in terms for cell in cells_of(term)],
            )
            for terms in joined(self.explanation.terms, lambda term: term, self.source)
        ]
        if len(rows) == len(self.explanation.terms):
            return rows
        return sorted(rows, key=lambda row: abs(row.value), reverse=True)

    def _own(self, term: Term) -> list[Factor]:
        """Return the factors of a term that are not common to all."""
        names = {self.total, *(factor.name for factor in self.common)}
        return [factor for factor in term.factors if factor.name not in names]

    @property
    def _columns(self) -> int:
        """The number of factors in each row, if they stand in columns of their own; else 0."""
        counts = {len(self._own(row.term)) for row in self.rows if row.term.label != "bias"}
        return counts.pop() if len(counts) == 1 and max(counts) <= 3 else 0

    def _head(self) -> str:
        count = self._columns
        if not count:
            heads = ["product"]
        else:
            terms = [row.term for row in self.rows if row.term.label != "bias"][:2]
            columns = zip(*(self._own(term) for term in terms), strict=True)
            heads = [_pattern([factor.name for factor in column]) for column in columns]
        first = "example" if self.rows and self.rows[0].term.example is not None else ""
        if self.rows and self.rows[0].term.unit and not self._of_examples:
            word, _, number = self.rows[0].term.label.partition(" ")
            first = word if number and word in ("unit", "output") else ""
        cells = "".join(f"<th>{escape(head)}</th>" for head in heads)
        return f"<tr><th>{first}</th>{cells}<th></th><th>{escape(self.total)}</th></tr>"

    @property
    def _of_examples(self) -> bool:
        return len({row.term.example for row in self.rows}) > 1

    def _factors(self, row: Row) -> list[Sequence[Factor]]:
        """Return the factors in each cell of a row."""
        own, count = self._own(row.term), self._columns
        if count:
            return [()] * (count - len(own)) + [(factor,) for factor in own]
        return [own]

    def _row_html(self, row: Row, largest: float, cells: Sequence[str], total: str) -> str:
        middle = "".join(f"<td>{cell}</td>" for cell in cells)
        return (
            f"<tr {ring(row.cells)}><td>{self._label(row)}</td>{middle}"
            f'<td class="bp-bar">{bar(row.value, largest, self.theme)}</td>'
            f'<td class="bp-total">{total}</td></tr>'
        )

    def _label(self, row: Row) -> str:
        return label_of(row.term, self.source, self._of_examples, row.count)

    def _shared(self) -> str:
        """Return the factors that all terms have, below the table."""
        if not self.common:
            return ""
        times = [each for each in self.common if each.multiplies]
        of = [each for each in self.common if not each.multiplies]
        texts = []
        if times:
            texts.append("each term includes " + " · ".join(map(_named, times)))
        if of:
            texts.append("from " + ", ".join(map(_named, of)))
        return f'<p class="bp-facts">{"; ".join(texts)}</p>'


def joined(
    found: Sequence[Found], term_of: Callable[[Found], Term], source: MapSource
) -> list[list[Found]]:
    """Return what shares a row: the terms of examples with the same tokens and target."""
    if len({term_of(each).example for each in found}) < 2:
        return [[each] for each in found]
    groups: dict[object, list[Found]] = {}
    for each in found:
        example = term_of(each).example
        groups.setdefault(tuple(source.example_tokens(example)) or example, []).append(each)
    return list(groups.values())


def label_of(term: Term, source: MapSource, of_examples: bool, count: int = 1) -> str:
    """Return the tokens of an example, the token of an input, or the name of a term.

    Of several equal examples, it says how many they are.
    """
    if of_examples:
        return example_html(source, term.example) + (f" ×{count}" if count > 1 else "")
    if term.unit:
        level, unit = term.unit
        labels = source.unit_labels(level)
        if labels and term.label.startswith(("unit", "output ")):
            is_output = level == len(source.widths) - 1
            return escape(f"{unit} ({labels[unit]})" if is_output else labels[unit])
    return escape(term.label)


def _column_html(cells: Sequence[Sequence[Factor]]) -> list[str]:
    """Return the factors in the cells of a column as links, in one format."""
    texts = iter(numbers(factor.value for cell in cells for factor in cell))
    return [" · ".join(factor_html(factor, next(texts)) for factor in cell) for cell in cells]


def bar(value: float, largest: float, theme: Theme) -> str:
    """Return a bar from the middle, to the right if a value is positive, as long as its share."""
    share = value / largest if largest and isfinite(value) else 0.0
    half = BAR_WIDTH / 2
    length = max(abs(share) * half, 0.5)
    color = theme.positive if value > 0 else theme.negative
    left = half if value > 0 else half - length
    return (
        f'<svg width="{BAR_WIDTH}" height="{BAR_HEIGHT}" aria-hidden="true">'
        f'<rect x="{left:.1f}" width="{length:.1f}" height="{BAR_HEIGHT}" fill="{color}"/></svg>'
    )


def more_button(count: int, everything: bool) -> str:
    """Return the button below a table for all of `count` rows or the first; none for few rows."""
    if count <= FIRST_TERMS:
        return ""
    label = f"First {FIRST_TERMS}" if everything else f"All {count}"
    return f'<p><button data-key="all" {message(all=not everything)}>{label}</button></p>'


def cells_of(term: Term) -> list[RecordCell]:
    """Return the numbers of the record that a term is made of."""
    return [factor.cell for factor in term.factors if factor.cell]


def _common_factors(terms: Sequence[Term]) -> list[Factor]:
    """Return the factors that all of several terms have."""
    if len(terms) < 2:
        return []
    first, *others = ({factor.name: factor for factor in term.factors} for term in terms)
    return [
        factor
        for name, factor in first.items()
        if all(name in other and other[name].value == factor.value for other in others)
    ]


def _pattern(names: Sequence[str]) -> str:
    """Return what names have in common, with a dot for indices that differ: ``a1[·, 3]``."""
    parts = [re.split(r"(\d+)", name) for name in names]
    if len({(len(each), each[0]) for each in parts}) > 1:
        return ""
    return "".join(piece[0] if len(set(piece)) == 1 else "·" for piece in zip(*parts, strict=True))


def _named(factor: Factor) -> str:
    return f"{escape(factor.name)} ({factor_html(factor)})"
