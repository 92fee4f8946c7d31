"""The captions of the map's heatmaps, as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ..plots.table_button import table_button
from ..state.interventions import Intervention
from ..state.map_columns import MapColumn
from .help_texts import MATRICES, OF_GRADIENT, SHAPE, SHAPE_OF_BATCH

ROOM_FOR_NOTE = 12
"""Units from which on the caption of a gradient has room for more than its name."""

ROOM_FOR_SYMBOLS = 6
"""Units from which on the caption of a value has room for its shape beside a symbol or two."""

DIFFERENCE = "difference"


def value_caption(
    column: MapColumn, by_hand: Sequence[Intervention] = (), is_difference: bool = False
) -> str:
    """Return the caption above a value: its name, its shape, and what was done by hand.

    In place of the shape it says that a difference is shown.
    """
    has_room = column.units >= (ROOM_FOR_NOTE if is_difference else ROOM_FOR_SYMBOLS)
    has_room = has_room or not (by_hand or is_difference)
    shape = SHAPE if column.inputs else SHAPE_OF_BATCH
    what = DIFFERENCE if is_difference else f"{column.inputs or 'B'}×{column.units}"
    note = what if has_room else ""
    done = "".join(f'<i data-help="{escape(each.words)}">{each.symbol}</i>' for each in by_hand)
    table = table_button(column.name, column.name, is_tab_stop=False)
    return (
        f'<b data-help="{MATRICES[column.kind]}">{column.name}</b> '
        f'<span data-help="{shape}">{note}</span>{done}{table}'
    )


def gradient_caption(
    column: MapColumn, of_deltas: bool, of_errors: bool, is_difference: bool = False
) -> str:
    """Return the caption above a gradient: its name, and what is shown of it."""
    of = f"z{column.layer}" if of_deltas and column.has_deltas else column.name
    what = "relative error" if of_errors and column.has_bias else f"∂L/∂{of}"
    what = DIFFERENCE if is_difference else what
    note = what if column.units >= ROOM_FOR_NOTE else ""
    name = column.gradient_name(of_deltas)
    table = table_button(f"d{column.name}", name, is_tab_stop=False)
    return f'<b data-help="{OF_GRADIENT}">{name}</b> <span>{note}</span>{table}'
