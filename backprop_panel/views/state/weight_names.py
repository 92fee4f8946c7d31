"""Weights and biases by their names on the map."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...analysis.record_cell import RecordCell
from ...settings import SettingError, shown

_NAME = re.compile(r"([Wb])(\d{1,9})\[(\d{1,9})(?:,(\d{1,9}))?\]", re.IGNORECASE)


def weight_named(name: str, widths: Sequence[int]) -> RecordCell:
    """Return the weight or bias of a network with a name such as ``W2[3, 17]`` or ``b1[4]``.

    Parameters
    ----------
    name : str
    widths : sequence of int
        Units of each level.

    Raises
    ------
    SettingError
        If there is no such weight.
    """
    match = _NAME.fullmatch(re.sub(r"\s", "", name))
    if match is None:
        raise SettingError(
            "weight", f"A weight is named as on the map: W2[3, 17] or b1[4]; got {shown(name)}."
        )
    kind, number, *places = match.groups()
    layer, index = int(number) - 1, tuple(int(place) for place in places if place)
    depth = len(widths) - 1
    if not 0 <= layer < depth:
        layers = f"W1 to W{depth} and b1 to b{depth}" if depth > 1 else "W1 and b1"
        raise SettingError("weight", f"This network has {layers}; got {shown(name)}.")
    is_bias = kind in "bB"
    shape = widths[layer + 1 :][:1] if is_bias else widths[layer : layer + 2]
    if len(index) != len(shape) or any(i >= n for i, n in zip(index, shape, strict=True)):
        last = ", ".join(f"{length - 1}" for length in shape)
        name_of_all = f"{'b' if is_bias else 'W'}{layer + 1}"
        first = ", ".join("0" for _ in shape)
        raise SettingError(
            "weight",
            f"{name_of_all} reaches from {name_of_all}[{first}] to {name_of_all}[{last}]; "
            f"got {shown(name)}.",
        )
    return RecordCell("biases" if is_bias else "weights", layer, index)
