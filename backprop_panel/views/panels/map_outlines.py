"""What is outlined in the heatmaps of the map."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from ..plots.cell_outlines import Mark
from ..state.cell import Cell
from ..state.interventions import Intervention
from ..state.map_columns import index_of_column
from ..state.marks import CellBlock, Marks


def outlines(
    marks: Marks,
    ringed: Sequence[CellBlock],
    by_hand: Sequence[Intervention],
    shapes: Mapping[int, tuple[int, int]],
) -> Mapping[tuple[int, bool], list[Mark]]:
    """Return the outlines in each heatmap, by its column and whether it shows gradients.

    Parameters
    ----------
    marks : Marks
        The chosen cell, its operands, and what a phase computes.
    ringed : sequence of CellBlock
        What is pointed at.
    by_hand : sequence of Intervention
        What was done to the network by hand.
    shapes : mapping of int to (int, int)
        Rows and columns of the heatmaps that are drawn, by their column of the map.
    """
    drawn: dict[tuple[int, bool], list[Mark]] = defaultdict(list)
    for intervention in by_hand:
        drawn[intervention.column, False] += map(_by_hand, intervention.blocks)
    for block in marks.operands:
        drawn[block.column, block.is_gradient].append(_operand(block))
    for block in marks.computed:
        drawn[block.column, block.is_gradient].append(_computed(block))
    if marks.chosen and (index := index_of_column(marks.chosen)) in shapes:
        drawn[index, marks.chosen.is_gradient] += _chosen(marks.chosen, *shapes[index])
    for block in ringed:
        drawn[block.column, block.is_gradient].append(_ring(block))
    return drawn


def _operand(block: CellBlock) -> Mark:
    return Mark(block.rows, block.units, "operand")


def _computed(block: CellBlock) -> Mark:
    return Mark(block.rows, block.units, "operand", 4.0)


def _by_hand(block: CellBlock) -> Mark:
    return Mark(block.rows, block.units, "by_hand", 2.0)


def _ring(block: CellBlock) -> Mark:
    return Mark(block.rows, block.units, "ring", 2.5)


def _chosen(cell: Cell, rows: int, units: int) -> list[Mark]:
    """Return the marks of a cell: its row, its column, and a frame."""
    row, unit = (cell.row, cell.row), (cell.column, cell.column)
    return [
        Mark(row, (0, units - 1), "line"),
        Mark((0, rows - 1), unit, "line"),
        Mark(row, unit, width=2.0),
    ]
