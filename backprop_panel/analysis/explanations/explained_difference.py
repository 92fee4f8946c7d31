"""How a number differs between two records, term by term."""

from __future__ import annotations

from dataclasses import dataclass

from .explanation import Explanation, Term


@dataclass(frozen=True)
class TermChange:
    """A term at two moments.

    Parameters
    ----------
    term : Term
        Ours, or theirs where we have none.
    ours, theirs : float
        Its values; zero where there is no such term.
    """

    term: Term
    ours: float
    theirs: float

    @property
    def value(self) -> float:
        """Ours minus theirs."""
        return self.ours - self.theirs


def changes(ours: Explanation, theirs: Explanation) -> list[TermChange]:
    """Return the change of each term, the largest first.

    Terms belong together if they have the same label, example and unit.
    """
    mine, others = ({_key(term): term for term in each.terms} for each in (ours, theirs))
    found = [
        TermChange(
            mine.get(key) or others[key],
            mine[key].value if key in mine else 0.0,
            others[key].value if key in others else 0.0,
        )
        for key in mine | others
    ]
    return sorted(found, key=lambda change: abs(change.value), reverse=True)


def _key(term: Term) -> tuple:
    return term.label, term.example, term.unit
