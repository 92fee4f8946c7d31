"""What an explanation consists of: an equation, its terms, and the numbers that they multiply."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import isfinite, isnan, prod

from ...nn.record import StepRecord
from ..record_cell import RecordCell, values_of
from . import latex

MOST_TERMS_IN_NUMBERS = 3
"""Terms that the equation in numbers writes out; dots stand for the others."""


@dataclass(frozen=True, slots=True)
class Factor:
    """A number in a term.

    Parameters
    ----------
    name : str
        Such as ``a1[4, 3]``, or ``1/B`` for a constant.
    value : float
    cell : RecordCell, optional
        The number of the record that it is; None for a constant.
    multiplies : bool
        Whether the value of the term is a multiple of it. If not, the term is a function of it.
    meaning : str
        What it is in words, with its symbol in the equation if that differs from its name.
    """

    name: str
    value: float
    cell: RecordCell | None = None
    multiplies: bool = True
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Term:
    """One summand of a number: the product of its factors.

    Parameters
    ----------
    label : str
        What it belongs to: ``example 4``, ``unit 3``, ``bias``.
    factors : tuple of Factor
        The one that leads towards the loss comes first.
    example : int, optional
        The row of the batch that it belongs to.
    unit : tuple of (int, int), optional
        The level and the unit that it belongs to.
    """

    label: str
    factors: tuple[Factor, ...]
    example: int | None = None
    unit: tuple[int, int] | None = None

    @property
    def value(self) -> float:
        """The product of the factors that multiply."""
        return prod(factor.value for factor in self.factors if factor.multiplies)


@dataclass(frozen=True)
class Explanation:
    r"""Where a number of a record comes from.

    Attributes
    ----------
    cell : RecordCell
    name : str
        Its name on the map, such as ``dW2[3, 17]``.
    value : float
        The number in the record.
    sentence : str
        What it is, in words.
    equation, numbers : str
        LaTeX: its equation in symbols, and with the numbers of this cell.
    terms : tuple of Term
        Largest magnitude first; the values sum to `value` within rounding.
    numpy : str
        A line of NumPy that computes it from ``record``.
    working : tuple of Factor
        Intermediate results in the order of their computation, where terms alone do not show them.
    summed : tuple of Term
        The terms of a sum Σ in the equation, where the value is not that sum itself.
    note : str
        What is special about this one: frozen, set by hand, not updated; else empty.
    """

    cell: RecordCell
    name: str
    value: float
    sentence: str
    equation: str
    numbers: str
    terms: tuple[Term, ...]
    numpy: str
    working: tuple[Factor, ...] = ()
    summed: tuple[Term, ...] = ()
    note: str = ""

    @property
    def factors(self) -> Iterable[Factor]:
        """All numbers that it is made of, those of the largest terms first."""
        for term in self.terms:
            yield from term.factors
        yield from self.working
        for term in self.summed:
            yield from term.factors

    @property
    def first_non_finite(self) -> Factor | None:
        """The first number of the record that it is made of and that is not finite, if any."""
        return next((each for each in self.factors if each.cell and not isfinite(each.value)), None)


Numbers = Callable[..., Factor]
"""Returns the factor at an index of one array of a record."""


def numbers_of(
    record: StepRecord, quantity: str, layer: int | None = None, multiplies: bool = True
) -> Numbers:
    """Return a function from an index to the factor that stands for that number."""
    of_example = quantity == "loss"
    values = values_of(record, quantity, layer, (0,) if of_example else ())
    symbol = RecordCell(quantity, layer).symbol(record, "[{}]")

    def at(*index: int) -> Factor:
        """Return the factor that stands for the number of an index."""
        name = symbol.format(", ".join(map(str, index)))
        return Factor(name, float(values[index]), RecordCell(quantity, layer, index), multiplies)

    return at


def explained(
    record: StepRecord,
    cell: RecordCell,
    *,
    sentence: str,
    equation: str,
    terms: Iterable[Term],
    numpy: str,
    numbers: str | None = None,
    working: tuple[Factor, ...] = (),
    summed: Iterable[Term] = (),
    note: str = "",
) -> Explanation:
    """Return the explanation of a cell, its terms sorted.

    Parameters
    ----------
    equation : str
        The right-hand side in LaTeX; further lines begin with ``&``.
    numbers : str, optional
        The right-hand side with numbers; by default the sum of the first terms.
    """
    name, value = latex.latex_of(record, cell), cell.value(record)
    ordered = _largest_first(terms)
    lines = [numbers] if numbers is not None else _written_sum(record, ordered)
    if lines != [latex.number(value)]:
        lines.append(rf"= {latex.number(value)}")
    return Explanation(
        cell=cell,
        name=cell.name(record),
        value=value,
        sentence=sentence,
        equation=latex.aligned(name, [equation]),
        numbers=latex.aligned(name, lines),
        terms=ordered,
        numpy=numpy,
        working=working,
        summed=_largest_first(summed),
        note=note,
    )


def in_numpy(value: float) -> str:
    """Return a number as a line of NumPy has it, which knows no bare ``inf`` and ``nan``."""
    return repr(value).replace("inf", "np.inf").replace("nan", "np.nan")


def unexplained(record: StepRecord, cell: RecordCell, sentence: str, note: str) -> Explanation:
    """Return the explanation of a number whose origin the record does not tell."""
    value = cell.value(record)
    return explained(
        record,
        cell,
        sentence=sentence,
        equation=r"\text{not known}",
        numbers=latex.number(value),
        terms=[Term("value", (Factor("value", value),))],
        numpy=in_numpy(value),
        note=note,
    )


def _largest_first(terms: Iterable[Term]) -> tuple[Term, ...]:
    return tuple(sorted(terms, key=lambda term: _size(term.value), reverse=True))


def _size(value: float) -> float:
    return float("inf") if isnan(value) else abs(value)


def _written_sum(record: StepRecord, terms: tuple[Term, ...]) -> list[str]:
    """Return the largest terms as products, one a line, and dots for the others."""
    alike = _alike(record, terms)
    largest = sorted(alike, key=lambda some: _size(sum(term.value for term in some)), reverse=True)
    # Dots for one term would take the line of that term.
    most = MOST_TERMS_IN_NUMBERS + (len(alike) == MOST_TERMS_IN_NUMBERS + 1)
    lines = [
        _written_product(_product(some[0]), len(some), first=not place)
        for place, some in enumerate(largest[:most])
    ]
    if len(alike) > most:
        lines.append(r"+ \cdots")
    return lines or ["0"]


def _alike(record: StepRecord, terms: tuple[Term, ...]) -> list[list[Term]]:
    """Return the terms that are written together: those of equal examples, or of equal factors.

    The numbers of one example in two rows of a batch may differ in their last digit.
    """
    examples = {term.example for term in terms}
    of_examples = len(examples) > 1 and record.contexts.shape[1] > 0
    groups: dict[object, list[Term]] = {}
    for term in terms:
        if of_examples:
            key = (*record.contexts[term.example], record.targets[term.example])
        else:
            key = _product(term)
        groups.setdefault(key, []).append(term)
    return list(groups.values())


def _product(term: Term) -> tuple[float, ...]:
    return tuple(factor.value for factor in term.factors if factor.multiplies)


def _written_product(values: tuple[float, ...], count: int, first: bool) -> str:
    """Return a term of a sum with its sign, which the first term needs only if it is negative.

    Parameters
    ----------
    values : tuple of float
        The factors.
    count : int
        How many terms have these factors.
    """
    texts = [latex.number(values[0]), *map(latex.factor, values[1:])]
    plus, minus = ("", "{-}") if first else ("+", "-")  # braces: a sign, and no subtraction
    sign = minus if texts[0].startswith("-") else plus
    texts[0] = texts[0].lstrip("-")
    if count > 1:
        texts.insert(0, str(count))
    return sign + r" \cdot ".join(texts)
