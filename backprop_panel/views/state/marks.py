"""What is outlined on the map: the chosen cell, and the numbers that it is made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from ...analysis.explanations.explanation import Explanation
from ...analysis.record_cell import RecordCell
from .cell import Cell, cell_of
from .map_columns import index_of_column


@dataclass(frozen=True)
class CellBlock:
    """A rectangle of cells of one heatmap.

    Parameters
    ----------
    column : int
        The map's column.
    is_gradient : bool
        Whether it is in the lower row of the map.
    rows, units : (int, int)
        The first and the last of its rows and of its columns.
    """

    column: int
    is_gradient: bool
    rows: tuple[int, int]
    units: tuple[int, int]

    def around(self, cell: Cell) -> CellBlock:
        """Return the smallest block that holds another cell of the same heatmap as well."""
        return replace(
            self,
            rows=(min(self.rows[0], cell.row), max(self.rows[1], cell.row)),
            units=(min(self.units[0], cell.column), max(self.units[1], cell.column)),
        )


@dataclass(frozen=True)
class Marks:
    """The outlines on the map.

    Parameters
    ----------
    chosen : Cell, optional
        The cell that is explained. It is framed, and its row and its column are marked.
    operands : tuple of CellBlock
        The cells that the chosen number is made of, or those that a phase reads.
    computed : tuple of CellBlock
        The cells that a phase computes.
    """

    chosen: Cell | None = None
    operands: tuple[CellBlock, ...] = ()
    computed: tuple[CellBlock, ...] = ()


@dataclass(frozen=True)
class NamedUnits:
    """Units of a layer that are to be seen together.

    Parameters
    ----------
    layer : int
        The layer of weights that leads to them, from 0.
    units : tuple of int
    name : str
        What they have in common.
    """

    layer: int
    units: tuple[int, ...]
    name: str

    def blocks(self, widths: Sequence[int], examples: int) -> Iterator[CellBlock]:
        """Yield blocks around the weights and the activations of neighbouring units.

        Parameters
        ----------
        widths : sequence of int
            Units of each level.
        examples : int
            Rows of the activations.
        """
        bias = widths[self.layer]
        for first, last in _neighbours(self.units):
            yield CellBlock(2 * self.layer + 1, False, (0, bias), (first, last))
            yield CellBlock(2 * self.layer + 2, False, (0, examples - 1), (first, last))


def _neighbours(units: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last unit of each row of neighbours."""
    for _, group in groupby(enumerate(sorted(units)), lambda each: each[1] - each[0]):
        (_, first), *rest = group
        yield first, rest[-1][1] if rest else first


def marks_of(explanation: Explanation, widths: Sequence[int], of_deltas: bool) -> Marks:
    """Return the marks of an explanation.

    Parameters
    ----------
    explanation : Explanation
    widths : sequence of int
        Units of each level.
    of_deltas : bool
        Whether the gradients of activations are shown as deltas.
    """
    cells = (factor.cell for factor in explanation.factors if factor.cell)
    return Marks(
        chosen=cell_of(explanation.cell, widths),
        operands=blocks_of(cells, widths, of_deltas),
    )


def blocks_of(
    numbers: Iterable[RecordCell], widths: Sequence[int], of_deltas: bool
) -> tuple[CellBlock, ...]:
    """Return a block around the numbers in each heatmap; those that no heatmap shows have none."""
    blocks: dict[tuple[int, bool], CellBlock] = {}
    for number in _corners(numbers):
        cell = cell_of(number, widths)
        if cell is None or not _is_shown(number, cell, widths, of_deltas):
            continue
        at = index_of_column(cell), cell.is_gradient
        single = CellBlock(*at, (cell.row, cell.row), (cell.column, cell.column))
        blocks[at] = blocks[at].around(cell) if at in blocks else single
    return tuple(blocks.values())


def _corners(numbers: Iterable[RecordCell]) -> Iterator[RecordCell]:
    """Yield the first and the last place among the numbers of each array."""
    places: dict[tuple[str, int | None], list[tuple[int, ...]]] = defaultdict(list)
    for number in numbers:
        places[number.quantity, number.layer].append(number.index)
    for array, indices in places.items():
        for corner in (min, max):
            yield RecordCell(*array, tuple(map(corner, zip(*indices, strict=True))))


def cells_of(
    numbers: Iterable[RecordCell], widths: Sequence[int], of_deltas: bool
) -> tuple[CellBlock, ...]:
    """Return a block for each number that a heatmap shows."""
    blocks = (blocks_of([number], widths, of_deltas) for number in dict.fromkeys(numbers))
    return tuple(block for single in blocks for block in single)


def _is_shown(number: RecordCell, cell: Cell, widths: Sequence[int], of_deltas: bool) -> bool:
    """Return whether a cell shows this very number, and not one that belongs to the same unit."""
    if number.quantity in ("logits", "deltas", "pre_activations") and cell.kind == "logit":
        return True  # the logits are their own pre-activations
    return cell.number(of_deltas) == number
