"""The settings that a sweep varies: which are offered, and the values that are suggested."""

from __future__ import annotations

from typing import Any

from ...interchange.config_validation import SETTINGS
from ...interchange.url_query import read_setting
from ...nn.activations import ACTIVATIONS
from ...settings import Choice
from ..widgets.setting_fields import LABELS

OFFERED = (
    "learning_rate",
    "batch_size",
    "optimizer",
    "loss_type",
    "weight_decay",
    "hidden_layers",
    "hidden_dimension",
    "activation",
    "initialization",
    "num_samples",
)
"""The settings that the page offers; Python and the command line take all."""

SMALL_RATES = (0.0001, 0.001, 0.01)
"""What is suggested around a rate of zero."""


def label_of(setting: str) -> str:
    """Return what the page calls a setting."""
    return LABELS.get(setting, setting.replace("_", " "))


def suggested(setting: str, value: Any) -> str:
    """Return values around the present one, as they are typed."""
    declared = SETTINGS[setting]
    if isinstance(declared, Choice):
        return ", ".join(name for name in declared.objects if name is not None)
    if setting == "activation":
        return ", ".join(ACTIVATIONS)
    if isinstance(value, float):
        around = [value / 10, value, value * 10] if value else SMALL_RATES
        return ", ".join(f"{rate:g}" for rate in around)
    if isinstance(value, int):
        return ", ".join(
            str(count) for count in dict.fromkeys((max(value // 2, 1), value, 2 * value))
        )
    return written(value)


def typed_values(setting: str, text: str) -> list[Any]:
    """Return the values that are typed: with commas, or with semicolons between lists.

    Raises
    ------
    SettingError
    """
    separator = ";" if ";" in text else ","
    return [read_setting(setting, one.strip()) for one in text.split(separator) if one.strip()]


def written(value: Any) -> str:
    """Return a value as it is typed."""
    if isinstance(value, (list, tuple)):
        return ",".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
