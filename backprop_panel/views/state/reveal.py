"""What the map shows in a phase of slow motion.

These are the visible heatmaps, the outlined cells, and the arrows between heatmaps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ...analysis.explanations.phase_equations import Equation, RecordArray
from ...analysis.explanations.phases import RecordPhase
from ...analysis.record_cell import OF_PARAMETERS, RecordCell, values_of
from ...nn.record import StepRecord
from .marks import CellBlock, blocks_of

Place = tuple[int, bool]
"""A heatmap: its column of the map, and whether it is in the lower row."""

DRAWN = {
    **{name: name for name in ("activations", "activation_gradients", "pre_activations", "deltas")},
    **{name: name for name in ("weights", "biases", "weight_gradients", "bias_gradients")},
    "new_weights": "weights",
    "new_biases": "biases",
}
"""The quantities that the map can draw, and what it draws them as."""


@dataclass(frozen=True)
class Reveal:
    """What is shown of the map in a phase.

    Parameters
    ----------
    places : frozenset of (int, bool)
        The heatmaps that are not blank.
    row : int or None
        The only row of the levels that is not blank.
    computed, operands : tuple of CellBlock
        The cells that the phase computes, and those that it reads.
    arrows : tuple of (place, place)
        From the heatmap of an operand to that of a result.
    is_after_update : bool
        Whether the weights are those after the update.
    """

    places: frozenset[Place]
    row: int | None
    computed: tuple[CellBlock, ...]
    operands: tuple[CellBlock, ...]
    arrows: tuple[tuple[Place, Place], ...]
    is_after_update: bool


def reveal_of(
    phase: RecordPhase,
    record: StepRecord,
    widths: Sequence[int],
    of_deltas: bool,
    row: int | None = None,
) -> Reveal:
    """Return what a phase of a record shows.

    Parameters
    ----------
    phase : RecordPhase
    record : StepRecord
    widths : sequence of int
        Units of each level.
    of_deltas : bool
        Whether the gradients of activations are shown as deltas.
    row : int, optional
        The only example to show.
    """

    def blocks(arrays: Iterable[RecordArray]) -> tuple[CellBlock, ...]:
        """Return the cells of some arrays."""
        numbers = (number for array in arrays for number in _corners(array, record))
        return blocks_of(numbers, widths, of_deltas)

    computed = blocks(phase.computed)
    places = {_place(block) for block in computed}
    arrows = dict.fromkeys(
        (start, end)
        for source, result in _flows(phase, lambda array: bool(blocks([array])))
        for start in map(_place, blocks([source]))
        for end in map(_place, blocks([result]))
        if start != end
    )
    return Reveal(
        places=frozenset(map(_place, blocks(phase.after))),
        row=row,
        computed=computed,
        operands=tuple(each for each in blocks(phase.operands) if _place(each) not in places),
        arrows=tuple(arrows),
        is_after_update=phase.name == "update",
    )


def _place(block: CellBlock) -> Place:
    return block.column, block.is_gradient


def _corners(array: RecordArray, record: StepRecord) -> list[RecordCell]:
    """Return the first and the last number of an array; none if the map cannot draw it."""
    if array.quantity not in DRAWN:
        return []
    quantity = DRAWN[array.quantity]
    shape = values_of(record, quantity, array.layer).shape
    last = tuple(length - 1 for length in shape)
    return [RecordCell(quantity, array.layer, index) for index in ((0,) * len(shape), last)]


def _flows(
    phase: RecordPhase, is_drawn: Callable[[RecordArray], bool]
) -> Iterator[tuple[RecordArray, RecordArray]]:
    """Yield each operand with each result.

    An operand that the phase computes and the map does not draw is replaced by its own operands.
    """
    makers = {result: equation for equation in phase.equations for result in equation.results}

    def sources(equation: Equation, result: RecordArray) -> Iterator[RecordArray]:
        """Yield the operands of an equation that the map draws, for one of its results."""
        layers = {each.layer for each in equation.results if each.quantity in OF_PARAMETERS}
        for operand in equation.operands:
            if len(layers) > 1 and operand.layer != result.layer:
                continue  # in an equation of all layers, each result has its own layer's operands
            maker = makers.get(operand)
            if maker not in (None, equation) and not is_drawn(operand):
                yield from sources(maker, operand)
            else:
                yield operand

    for result, equation in makers.items():
        for source in sources(equation, result):
            yield source, result
