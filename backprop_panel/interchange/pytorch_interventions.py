"""What was done by hand to a run, in a PyTorch script: frozen parts, silenced units, weights."""

from __future__ import annotations

from collections.abc import Sequence

from ..training.events import WeightSet
from .pytorch_part import Part


def freeze(parts: frozenset[tuple[int, int | None, int | None]], widths: Sequence[int]) -> str:
    """Return the lines that freeze these layers, units and entries, and nothing else.

    Parameters
    ----------
    parts : frozenset of (int, int or None, int or None)
        Layer, row and column. With both row and column it is an entry; the last row is the bias.
        Without a row it is the weights and bias of a unit, and without a column those of a layer.
    widths : sequence of int
        Units of each level.
    """
    places = [place for part in sorted(parts, key=str) for place in _places(*part, widths)]
    if not places:
        return "frozen = []"
    listed = "".join(f"    {place},\n" for place in places)
    return f"frozen = [\n{listed}]"


def _places(layer: int, row: int | None, column: int | None, widths: Sequence[int]) -> list[str]:
    """Return a frozen part as parameters and the places in them."""
    name = f"model[{2 * layer}]"
    if column is None:
        return [f"({name}.weight, ...)", f"({name}.bias, ...)"]
    if row is None:
        return [f"({name}.weight, {column})", f"({name}.bias, {column})"]
    if row == widths[layer]:
        return [f"({name}.bias, {column})"]
    return [f"({name}.weight, ({column}, {row}))"]


def silencing(hidden_levels: int) -> Part:
    """Return the hooks that make the output of silenced units zero, after any other hooks on it."""
    return Part(
        "Silenced units: their output is zero, and no gradient passes through them.",
        f"""silenced = {{}}  # the numbers of the silenced units of each hidden level


def silence_units_of(level):
    def silence(layer, inputs):
        activations = inputs[0].clone()
        activations[:, silenced.get(level, [])] = 0
        return activations

    return silence


for level in range(1, {hidden_levels + 1}):
    model[2 * level].register_forward_pre_hook(silence_units_of(level))""",
    )


def silence(units: frozenset[tuple[int, int]]) -> str:
    """Return the line that silences these units, each a level and its number, and no others."""
    levels: dict[int, list[int]] = {}
    for level, unit in sorted(units):
        levels.setdefault(level, []).append(unit)
    return f"silenced = {levels!r}"


def set_weight(event: WeightSet, inputs: int) -> str:
    """Return the line that sets a weight, or a bias if its row is the last."""
    if event.row == inputs:
        place = f"bias.data[{event.column}]"
    else:
        place = f"weight.data[{event.column}, {event.row}]"
    return f"model[{2 * event.layer}].{place} = {event.value!r}"
