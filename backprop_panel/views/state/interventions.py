"""What was done to a network by hand, as the map marks it: what is frozen, silenced or set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ...nn.record import StepRecord
from .marks import CellBlock

FROZEN, SILENCED, SET = "\N{SNOWFLAKE}\ufe0e", "\N{EMPTY SET}", "\N{LOWER RIGHT PENCIL}\ufe0e"

MOST_BLOCKS = 100
"""The most places that are outlined; of more, the words tell the number."""

MOST_NAMES = 4


@dataclass(frozen=True)
class Intervention:
    """Something that was done by hand to one column of the map.

    Parameters
    ----------
    column : int
        The map's column.
    symbol : str
        A character for the caption.
    words : str
        A sentence.
    blocks : tuple of CellBlock
        The cells that it is about.
    """

    column: int
    symbol: str
    words: str
    blocks: tuple[CellBlock, ...] = ()


def interventions(record: StepRecord, widths: Sequence[int]) -> tuple[Intervention, ...]:
    """Return what was done by hand, in the order of the map's columns.

    Parameters
    ----------
    record : StepRecord
    widths : sequence of int
        Units of each level.
    """
    found = [
        each
        for layer in range(len(widths) - 1)
        for each in (*_silenced(record, layer), *_of_layer(record, layer, widths))
    ]
    return tuple(found)


def _silenced(record: StepRecord, level: int) -> Iterator[Intervention]:
    units = sorted(unit for silenced, unit in record.silenced if silenced == level)
    if units:
        column, last = 2 * level, len(record.logits) - 1
        what = _listed([f"unit {unit}" for unit in units], "units")
        words = f"{what} of a{level} {_are(units)} silenced: the activation is 0 for each example."
        blocks = (CellBlock(column, False, (0, last), (unit, unit)) for unit in units)
        yield Intervention(column, SILENCED, _sentence(words), tuple(blocks)[:MOST_BLOCKS])


def _of_layer(record: StepRecord, layer: int, widths: Sequence[int]) -> Iterator[Intervention]:
    column, bias = 2 * layer + 1, widths[layer]
    name = f"W{layer + 1}"

    def named(row: int | None, unit: int) -> str:
        """Return the name of an entry; no row: of all that leads to the unit."""
        if row is None:
            return f"all that leads to unit {unit}"
        return f"b{layer + 1}[{unit}]" if row == bias else f"{name}[{row}, {unit}]"

    def block(row: int | None, unit: int) -> CellBlock:
        """Return the cells of an entry; no row: of a column and its bias."""
        rows = (0, bias) if row is None else (row, row)
        return CellBlock(column, False, rows, (unit, unit))

    if layer in record.frozen:
        whole = CellBlock(column, False, (0, bias), (0, widths[layer + 1] - 1))
        words = f"{name} and b{layer + 1} are frozen: they do not learn."
        yield Intervention(column, FROZEN, words, (whole,))
    elif parts := _places(record.frozen_parts, layer):
        what = _listed([named(*part) for part in parts], "weights and biases")
        words = f"{what} {_are(parts)} frozen: no step changes {_them(parts)}."
        blocks = tuple(block(*part) for part in parts[:MOST_BLOCKS])
        yield Intervention(column, FROZEN, _sentence(words), blocks)
    if record.loaded:
        words = f"{name} and b{layer + 1} were loaded from a file before this step."
        yield Intervention(column, SET, words)
    elif parts := _places(record.set_by_hand, layer):
        what = _listed([named(*part) for part in parts], "weights and biases")
        words = f"{what} {_were(parts)} set by hand before this step."
        blocks = tuple(block(*part) for part in parts[:MOST_BLOCKS])
        yield Intervention(column, SET, _sentence(words), blocks)


def _places(
    parts: Iterable[tuple[int, int | None, int]], layer: int
) -> list[tuple[int | None, int]]:
    """Return row and column of the parts of a layer, whole units first."""
    places = [(row, unit) for of_layer, row, unit in parts if of_layer == layer]
    return sorted(places, key=lambda place: (place[0] is not None, place[0] or 0, place[1]))


def _listed(names: Sequence[str], kind: str) -> str:
    """Return a few names in words; of many, the first ones and how many there are."""
    if len(names) > MOST_NAMES:
        return f"{len(names)} {kind} ({', '.join(names[:MOST_NAMES])}, …)"
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _sentence(words: str) -> str:
    """Begin with a capital, unless a name does: b1 is no B1."""
    return words[0].upper() + words[1:] if words.split()[0].isalpha() else words


def _are(things: Sequence) -> str:
    return "is" if len(things) == 1 else "are"


def _were(things: Sequence) -> str:
    return "was" if len(things) == 1 else "were"


def _them(things: Sequence) -> str:
    return "it" if len(things) == 1 else "them"
