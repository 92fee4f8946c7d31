"""The rows of a heatmap that are shown while the others are dim."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rows = tuple[int, int]
"""The first row that is shown, and the one after the last; nothing is if they are the same."""


def columns_of(rows: Rows, has_bias: bool) -> dict[str, list[int]]:
    """Return the columns of a heatmap's source that say what is shown of each image.

    A bias, an image of its own, is shown if any row is.
    """
    first, end = rows
    firsts, ends = [first], [end]
    if has_bias:
        firsts.append(0)
        ends.append(int(end > first))
    return {"first_shown": firsts, "end_shown": ends}


def only(values: NDArray[np.floating], rows: Rows) -> NDArray[np.floating]:
    """Return the values with zeros in all other rows."""
    shown = slice(*rows)
    result = np.zeros_like(values)
    result[shown] = values[shown]
    return result
