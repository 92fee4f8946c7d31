"""Switches of a cell: they freeze its weight, unit or layer, and silence its unit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...training.engine import Engine
from ..state.cell import Cell, symbol
from ..state.session import Session


@dataclass(frozen=True)
class Switch:
    """Something of the engine that is on or off for a cell.

    Parameters
    ----------
    applies : callable
        Returns whether it is offered for a cell.
    label : callable
        Returns its label for a cell.
    is_on : callable
        Returns from the engine whether it is on for a cell.
    turn : callable
        Turns it on or off for a cell.
    """

    applies: Callable[[Cell], bool]
    label: Callable[[Cell], str]
    is_on: Callable[[Engine, Cell], bool]
    turn: Callable[[Session, Cell, bool], None]


def _is_parameter(cell: Cell) -> bool:
    return cell.is_parameter


def _is_hidden(cell: Cell) -> bool:
    return cell.kind == "activation"


def _has_weights_before(cell: Cell) -> bool:
    return cell.is_parameter or _is_hidden(cell)


def _layer_before(cell: Cell) -> int:
    """Return the layer that leads to the cell's unit."""
    return cell.layer if cell.is_parameter else cell.layer - 1


def _entry_label(cell: Cell) -> str:
    index = f"[{cell.column}]" if cell.kind == "bias" else f"[{cell.row}, {cell.column}]"
    return f"Freeze {symbol(cell.kind, cell.layer)}{index}"


def _unit_label(cell: Cell) -> str:
    layer = _layer_before(cell)
    weights, bias = symbol("weight", layer), symbol("bias", layer)
    return f"Freeze the unit: {weights}[·, {cell.column}] and {bias}[{cell.column}]"


SWITCHES = {
    "entry": Switch(
        _is_parameter,
        _entry_label,
        lambda engine, cell: (cell.layer, cell.row, cell.column) in engine.frozen_parts,
        lambda session, cell, on: session.freeze(cell.layer, on, cell.row, cell.column),
    ),
    "unit": Switch(
        _has_weights_before,
        _unit_label,
        lambda engine, cell: (_layer_before(cell), None, cell.column) in engine.frozen_parts,
        lambda session, cell, on: session.freeze(_layer_before(cell), on, None, cell.column),
    ),
    "layer": Switch(
        _is_parameter,
        lambda cell: f"Freeze {symbol('weight', cell.layer)} and {symbol('bias', cell.layer)}",
        lambda engine, cell: cell.layer in engine.frozen,
        lambda session, cell, on: session.freeze(cell.layer, on),
    ),
    "silence": Switch(
        _is_hidden,
        lambda cell: f"Silence unit {cell.column} of a{cell.layer}",
        lambda engine, cell: (cell.layer, cell.column) in engine.silenced,
        lambda session, cell, on: session.silence(cell.layer, cell.column, on),
    ),
}
"""The switches by the names in which messages speak of them."""
