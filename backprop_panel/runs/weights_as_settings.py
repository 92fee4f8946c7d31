"""The settings of a run whose network has the layers of a file of weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..data.sequence_dataset import SequenceDataset
from ..settings import SettingError, refuse_unknown
from ..training.file_input import Source
from ..training.weight_mapping import Expected, WeightMapping, read_mapping
from .run_settings import CONFIGURATION, DATA_SETTINGS, selected

FROM_THE_FILE = ("hidden_dimension", "hidden_layers")
"""The settings that the file's layers give."""


def mapping_for(
    config: Mapping[str, Any], source: Source | WeightMapping, transposed: bool | None = None
) -> WeightMapping:
    """Return the mapping of a file's tensors to a network with any hidden layers.

    Raises
    ------
    SettingError
        If the file does not fit the inputs and outputs of a configuration's data, or a setting is
        unknown or invalid.
    """
    refuse_unknown(config, CONFIGURATION)
    for name in FROM_THE_FILE:
        if name in config:
            raise SettingError(name, f"The file says how many units there are: leave out {name}.")
    if isinstance(source, WeightMapping):
        return source if transposed is None else source.answered(transposed)
    data = SequenceDataset(**selected(config, DATA_SETTINGS))
    expected = Expected(data.input_dimension, data.output_dimension)
    return read_mapping(source, expected, transposed)


def with_layers(config: Mapping[str, Any], widths: Sequence[int]) -> dict[str, Any]:
    """Return a configuration with the hidden layers of a network of these widths."""
    return {**config, "hidden_dimension": list(widths[1:-1]), "hidden_layers": len(widths) - 2}
