"""The settings of a run: those of its dataset, its model and its trainer together."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from ..data.sequence_dataset import SequenceDataset
from ..settings import SettingError, refuse_unknown
from ..training.model import Model
from ..training.trainer import SETTING_NAMES, Trainer

DATA_SETTINGS = tuple(SequenceDataset.setting_names())
MODEL_SETTINGS = tuple(
    name
    for name in Model.setting_names()
    if name not in ("input_dimension", "output_dimension", "seed")
)
TRAINER_SETTINGS = (*SETTING_NAMES, "mode")
CONFIGURATION = (*DATA_SETTINGS, *MODEL_SETTINGS, *TRAINER_SETTINGS)
"""All keys of a run's configuration; `seed` is that of the data and the model."""


def selected(settings: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Return those of the settings that have one of these names."""
    return {name: settings[name] for name in names if name in settings}


def completed(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration with all defaults, in the containers that a dataset keeps."""
    return SequenceDataset.with_containers({**_defaults(), **config})


def refuse_new_network(settings: Mapping[str, Any], where: str) -> None:
    """Raise `SettingError` for a setting that cannot change in a run that has begun.

    Parameters
    ----------
    settings : mapping
    where : str
        What it cannot change in, for the message, such as ``"a fork"``.
    """
    refuse_unknown(settings, CONFIGURATION)
    for name in settings:
        if name not in TRAINER_SETTINGS:
            raise SettingError(
                name,
                f"{name} needs a new network, so it cannot change in {where}; create a run with "
                f"it. What may change: {', '.join(TRAINER_SETTINGS)}.",
            )


@cache
def _defaults() -> dict[str, Any]:
    """Return the default of every setting."""
    settings = {SequenceDataset: DATA_SETTINGS, Model: MODEL_SETTINGS, Trainer: TRAINER_SETTINGS}
    return {name: kind.param[name].default for kind, names in settings.items() for name in names}
