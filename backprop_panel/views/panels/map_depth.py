"""How much of a deep network the map draws: its first and its last layers."""

from __future__ import annotations

MOST_LAYERS = 12
"""Layers that are drawn. For each plot Bokeh walks through all others of the page: a hundred layers
would keep the browser busy for many minutes."""


def columns_left_out(count: int) -> range:
    """Return which of a map's columns are not drawn: those in the middle of a deep network."""
    most = 2 * MOST_LAYERS + 1
    return range(MOST_LAYERS + 1, count - MOST_LAYERS) if count > most else range(0)


def what_is_left_out(depth: int) -> str:
    """Say which layers of a network are not drawn; empty if all are."""
    if depth <= MOST_LAYERS:
        return ""
    half = MOST_LAYERS // 2
    return (
        f"Layers {half + 1} to {depth - half} of {depth} are trained as all others, but not drawn: "
        "<b>Find</b> explains their numbers"
    )
