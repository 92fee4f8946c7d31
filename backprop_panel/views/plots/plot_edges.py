"""Numbers that leave a plot: drawn at its edge, and marked there with what they are.

A loss of zero has no place on a logarithmic axis, one run that diverges would flatten all others,
and a loss that is not finite has no place at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .line_source import Line
from .numbers import number

LOWEST = 1e-7
"""The lowest loss drawn on a logarithmic axis: losses below are rounding errors of float32."""

MOST_MARKS = 20
"""Marks of one line at one edge; where it leaves the plot more often, the first ones are marked."""


@dataclass(frozen=True)
class EdgeMark:
    """A triangle at the top or the foot of a plot: what left it there, and where."""

    x: float
    y: float
    above: bool
    color: str
    text: str


def within_edges(
    lines: Sequence[Line], lowest: float | None, highest: float | None
) -> tuple[list[Line], list[EdgeMark]]:
    """Return lines whose numbers lie within the edges, and the marks of those that did not.

    Parameters
    ----------
    lines : sequence of Line
    lowest, highest : float or None
        The edges; None for none.
    """
    drawn, marks = [], []
    for line in lines:
        inside = replace(line, y=np.clip(line.y, lowest, highest)) if len(line.y) else line
        drawn.append(inside)
        if highest is not None:
            marks += _beyond(line, line.y > highest, highest, above=True)
        if lowest is not None:
            marks += _beyond(line, line.y < lowest, lowest, above=False)
    tops = [float(np.nanmax(line.y)) for line in drawn if len(line.y)]
    top = max(tops, default=1.0)
    marks += [mark for line in lines for mark in _not_finite(line, top)]
    return drawn, marks


def beyond_edges(
    lines: Sequence[Line], lowest: float | None, highest: float | None
) -> dict[str, list[float]]:
    """Return the numbers that `within_edges` moves: of which line, at which point, and what.

    A line of a single point has two in the browser.
    """
    found = []
    for number_of_line, line in enumerate(lines):
        moved = np.flatnonzero(np.clip(line.y, lowest, highest) != line.y) if len(line.y) else ()
        for at in moved:
            found.append((number_of_line, int(at), float(line.y[at])))
            if len(line.y) == 1:
                found.append((number_of_line, 1, float(line.y[at])))
    line, at, y = map(list, zip(*found, strict=True)) if found else ([], [], [])
    return {"line": line, "at": at, "y": y}


def stretches_of(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the first index of each stretch of True, and the one after its last."""
    edges = np.flatnonzero(np.diff(flags, prepend=False, append=False))
    return [(int(first), int(end)) for first, end in edges.reshape(-1, 2)]


def _beyond(line: Line, flags: NDArray[np.bool_], edge: float, above: bool) -> Iterable[EdgeMark]:
    for first, end in stretches_of(flags)[:MOST_MARKS]:
        part = line.y[first:end]
        extreme = number(float(part.max() if above else part.min()))
        text = f"{line.label}: {'up to' if above else 'down to'} {extreme}"
        yield EdgeMark(float(line.x[first]), edge, above, line.color, text)


def _not_finite(line: Line, top: float) -> Iterable[EdgeMark]:
    for first, last in line.not_finite[:MOST_MARKS]:
        through = f" to {last:,}" if last > first else ""
        text = f"{line.label}: not finite at step {first:,}{through}"
        yield EdgeMark(first, top, True, line.color, text)
