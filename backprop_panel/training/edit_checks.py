"""Refusal of edits that do not fit a network: of a weight, a layer or a unit."""

from __future__ import annotations

from ..nn.network import Network
from ..plain_values import LARGEST, is_finite, is_number, is_whole
from ..settings import SettingError, shown


def refuse_missing_layer(network: Network, layer: int) -> None:
    """Raise `SettingError` unless the network has a layer of this number."""
    if not _is_index(layer, network.depth):
        raise SettingError("layer", f"There are {network.depth} layers; got number {shown(layer)}.")


def refuse_missing_weight(network: Network, layer: int, row: int, column: int) -> None:
    """Raise `SettingError` unless the network has this weight; the last row is the bias."""
    refuse_missing_layer(network, layer)
    rows, columns = network.layers[layer].shape
    if not (_is_index(row, rows) and _is_index(column, columns)):
        raise SettingError(
            "weight",
            f"Layer {layer} has the shape {(rows, columns)}; got {shown((row, column))}.",
        )


def refuse_missing_part(network: Network, layer: int, row: int | None, column: int | None) -> None:
    """Raise `SettingError` unless the network has a layer, or a unit or an entry of it."""
    refuse_missing_layer(network, layer)
    if column is not None:
        refuse_missing_weight(network, layer, 0 if row is None else row, column)
    elif row is not None:
        raise SettingError(
            "weight", f"A row alone is no part of a layer; got row {shown(row)} without a column."
        )


def refuse_missing_unit(network: Network, level: int, unit: int) -> None:
    """Raise `SettingError` unless the network has this hidden unit."""
    hidden = network.widths[1:-1]
    if not (is_whole(level) and 1 <= level <= len(hidden)):
        levels = f"the levels 1 to {len(hidden)}" if hidden else "no level of this network"
        raise SettingError("unit", f"Hidden units are in {levels}; got level {shown(level)}.")
    if not _is_index(unit, hidden[level - 1]):
        raise SettingError(
            "unit", f"Level {level} has the units 0 to {hidden[level - 1] - 1}; got {shown(unit)}."
        )


def refuse_other_than_bool(name: str, value: bool) -> None:
    """Raise `SettingError` unless a value is True or False."""
    if not isinstance(value, bool):
        raise SettingError(name, f"{name} must be True or False; got {shown(value)}.")


def refuse_weight_value(value: float) -> None:
    """Raise `SettingError` unless a value is a number that is finite in float32."""
    if not is_number(value) or not is_finite(value):
        raise SettingError(
            "weight",
            f"A weight must be a finite number, at most {LARGEST:.2g} in magnitude; "
            f"got {shown(value)}.",
        )


def _is_index(index: int, length: int) -> bool:
    return is_whole(index) and 0 <= index < length
