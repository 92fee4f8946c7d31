"""Checks of a sweep's settings before anything starts: names and bounds, without a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import param

from ..data.dataset_settings import DatasetSettings
from ..plain_values import is_number, plain
from ..runs.run_settings import CONFIGURATION, DATA_SETTINGS, MODEL_SETTINGS, selected
from ..settings import Count, Quantity, SettingError, refuse_unknown, shown
from ..training.model import ModelSettings
from ..training.trainer import SETTING_NAMES, Trainer
from ..training.training_settings import checked_changes

NOT_VARIED = {"mode": "a sweep trains", "seed": "give seeds=, or --seeds on the command line"}
"""Settings that a grid does not take, and why."""

LARGEST_SAMPLED = 2**63 - 1
"""The largest whole number that NumPy draws."""


def parameter(name: str) -> param.Parameter:
    """Return the Param declaration of a setting of a configuration.

    Raises
    ------
    SettingError
        For an unknown name, with the nearest one.
    """
    refuse_unknown([name], CONFIGURATION)
    if name in DATA_SETTINGS:
        return DatasetSettings.param[name]
    return (ModelSettings if name in MODEL_SETTINGS else Trainer).param[name]


def checked_base(base: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that all runs share, in plain types.

    Raises
    ------
    SettingError
        For a setting that is unknown or out of bounds.
    """
    if not isinstance(base, Mapping):
        raise SettingError("base", f"base must be a mapping of settings, got {shown(base)}.")
    refuse_unknown(base, CONFIGURATION)
    base = {**DatasetSettings.with_containers(plain(dict(base))), "mode": "train"}
    refuse_out_of_bounds(base)
    return base


def refuse_out_of_bounds(config: Mapping[str, Any]) -> None:
    """Raise `SettingError` for a setting out of bounds; nothing is allocated."""
    DatasetSettings(**selected(config, DATA_SETTINGS))
    ModelSettings(**selected(config, MODEL_SETTINGS))
    checked_changes(selected(config, SETTING_NAMES))


def checked_values(base: Mapping[str, Any], name: str, values: Any) -> list[Any]:
    """Return the values of one setting that varies, each checked together with the base.

    Raises
    ------
    SettingError
        If there is none, one is given twice, or one is out of bounds.
    """
    refuse_not_varied(name)
    if isinstance(values, (str, bytes, bytearray, Mapping)) or not _has_items(values):
        raise SettingError(name, f"{name} needs a list of values, got {shown(values)}.")
    values = [_with_lists(plain(value)) for value in values]
    if not values:
        raise SettingError(name, f"{name} needs at least one value.")
    for index, value in enumerate(values):
        if value in values[:index]:
            raise SettingError(name, f"{name} has the value {shown(value)} twice.")
        refuse_out_of_bounds({**base, name: value})
    return values


def _has_items(values: Any) -> bool:
    """Tell whether values can be listed: an array without dimensions cannot."""
    try:
        iter(values)
    except TypeError:
        return False
    return True


def _with_lists(value: Any) -> Any:
    """Return a value as the store gives it back: JSON has no tuples."""
    return list(map(_with_lists, value)) if isinstance(value, (list, tuple)) else value


def checked_range(base: Mapping[str, Any], name: str, given: Any) -> tuple[float, float]:
    """Return the lowest and the highest value of a setting that is sampled.

    Raises
    ------
    SettingError
        If the setting is no number, or the range is empty or out of bounds.
    """
    refuse_not_varied(name)
    low_high = plain(given)
    pair = isinstance(low_high, tuple) and len(low_high) == 2 and all(map(is_number, low_high))
    if not pair or not low_high[0] < low_high[1]:
        raise SettingError(
            name, f"{name} needs (lowest, highest) or a list of values, got {shown(given)}."
        )
    if not (isinstance(parameter(name), Quantity) or takes_whole_numbers(name)):
        raise SettingError(name, f"{name} is no number: give a list of values.")
    for value in low_high:
        refuse_out_of_bounds({**base, name: value})
    if takes_whole_numbers(name) and low_high[1] > LARGEST_SAMPLED:
        raise SettingError(
            name, f"{name} is sampled up to {LARGEST_SAMPLED:,}, got {shown(low_high[1])}."
        )
    return low_high


def takes_whole_numbers(name: str) -> bool:
    """Tell whether a range of a setting is one of whole numbers."""
    return isinstance(parameter(name), Count) or name == "hidden_dimension"


def refuse_not_varied(name: str) -> None:
    """Raise `SettingError` for a setting that a sweep does not vary."""
    parameter(name)
    if name in NOT_VARIED:
        raise SettingError(name, f"{name} is none of the settings that vary: {NOT_VARIED[name]}.")
