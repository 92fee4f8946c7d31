"""Validation of a configuration from outside: its settings, and the memory and time it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from numbers import Real
from typing import Any

import param

from ..data.sampling import ALL
from ..data.sequence_dataset import SequenceDataset
from ..nn.network import memory_needed, parameter_count
from ..plain_values import is_whole, plain
from ..runs.run_settings import CONFIGURATION, DATA_SETTINGS, MODEL_SETTINGS
from ..settings import refuse_unknown, shown
from ..training.health_meter import AT_ONCE as MEASURED_AT_ONCE
from ..training.model import Model, refuse_too_large
from ..training.trainer import Trainer
from .limits import MOST_MASTER_LENGTH, MOST_MASTERS, MOST_NUMBERS, InterchangeError, refuse_above

EVALUATED_AT_ONCE = 1024
"""Windows in one forward pass of an evaluation."""


@dataclass(frozen=True)
class ResourceEstimate:
    """The resources that a run of a configuration needs, computed before it is created.

    Attributes
    ----------
    samples : int
        Training samples.
    tokens : int
        Tokens of all master sequences, at most.
    parameters : int
        Weights and biases.
    batch : int
        Examples in a batch.
    memory : int
        Bytes of the data, the network and its buffers, about.
    """

    samples: int
    tokens: int
    parameters: int
    batch: int
    memory: int


BYTES_PER_MASTER = 250
"""Bytes of a generated master sequence beside its tokens, while all are drawn."""


def _owner(name: str) -> type[param.Parameterized]:
    if name in DATA_SETTINGS:
        return SequenceDataset
    return Model if name in MODEL_SETTINGS else Trainer


SETTINGS: dict[str, param.Parameter] = {name: _owner(name).param[name] for name in CONFIGURATION}
"""The Param declaration of every setting of a configuration."""


def checked_configuration(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration in the form that a run takes.

    Raises
    ------
    SettingError
        For an unknown setting, with the nearest known one.
    InterchangeError
        If a run of it would take too much memory or time.
    """
    refuse_unknown(config, CONFIGURATION)
    checked = SequenceDataset.with_containers(plain(config))
    tokens = _checked_masters(checked)
    _refuse_large_data(checked, tokens)
    _refuse_large_network(checked, tokens)
    return checked


def estimate_resources(config: Mapping[str, Any]) -> ResourceEstimate:
    """Return the resources that a run of a checked configuration needs.

    Raises
    ------
    SettingError
        If the network would take more memory than is allowed on this machine.
    """
    tokens = _checked_masters(config)
    samples = _samples(config, tokens)
    batch = min(_size(config, "batch_size"), samples)
    widths = _widths(config)
    refuse_too_large(widths, batch)
    windows = _windows(config, tokens)
    # A sample takes three 8-byte numbers: its window, the window's start, its position in the
    # epoch's order. The tokens of windows are compared with each other.
    data = 24 * samples + 2 * tokens + windows * (2 * _size(config, "sequence_length") + 40)
    if _value(config, "master_sequences") is None:
        data += BYTES_PER_MASTER * _size(config, "num_master_sequences")
    # Predictions, the validation loss and the search for dead units have buffers of their own.
    pieces = (min(windows, at_once) for at_once in (EVALUATED_AT_ONCE, MEASURED_AT_ONCE))
    evaluated = sum(memory_needed(widths, piece) - memory_needed(widths, 0) for piece in pieces)
    return ResourceEstimate(
        samples=samples,
        tokens=tokens,
        parameters=parameter_count(widths),
        batch=batch,
        memory=data + memory_needed(widths, batch) + evaluated,
    )


def _checked_masters(config: Mapping[str, Any]) -> int:
    """Return the largest possible number of tokens of all masters; refuse too many."""
    masters = _value(config, "master_sequences")
    if masters is None:
        count = _size(config, "num_master_sequences")
        length = max(_sizes(config, "master_sequence_length"), default=0)
        refuse_above("num_master_sequences", "num_master_sequences", count, MOST_MASTERS)
        refuse_above("master_sequence_length", "master_sequence_length", length, MOST_MASTER_LENGTH)
        tokens = count * length
    elif isinstance(masters, str):
        tokens = len(masters)
    elif isinstance(masters, (list, tuple)) and all(hasattr(one, "__len__") for one in masters):
        refuse_above("master_sequences", "Master sequences", len(masters), MOST_MASTERS)
        tokens = sum(map(len, masters))
    else:
        raise InterchangeError(
            "master_sequences", "master_sequences must be a text, or a list of texts or of lists."
        )
    if masters is not None and _value(config, "boundary") is not None:
        tokens += _master_count(config) * _size(config, "sequence_length")
    refuse_above("master_sequences", "Tokens of all master sequences", tokens, MOST_NUMBERS)
    return tokens


def _refuse_large_data(config: Mapping[str, Any], tokens: int) -> None:
    """Refuse a dataset with too many windows: distinct ones are found in a single array."""
    length = _size(config, "sequence_length")
    _refuse_fractions(config)
    if _value(config, "num_samples") != ALL:
        samples = _size(config, "num_samples")
        refuse_above("num_samples", "num_samples", samples, SETTINGS["num_samples"].bounds[1])
    windows = _windows(config, tokens)
    refuse_above("sequence_length", "Tokens of all windows", windows * length, MOST_NUMBERS)


def _windows(config: Mapping[str, Any], tokens: int) -> int:
    """Return the largest number of windows that the dataset compares."""
    if _value(config, "split") == "lines":
        return 0
    held_out = _value(config, "validation_fraction") + _value(config, "test_fraction")
    return min(ceil(_samples(config, tokens) / (1 - held_out)), tokens)


def _samples(config: Mapping[str, Any], tokens: int) -> int:
    """Return the largest number of training samples."""
    return tokens if _value(config, "num_samples") == ALL else _size(config, "num_samples")


def _refuse_fractions(config: Mapping[str, Any]) -> None:
    total = 0.0
    for name in ("validation_fraction", "test_fraction"):
        fraction = _value(config, name)
        if not isinstance(fraction, Real) or not 0 <= fraction < 1:
            raise InterchangeError(
                name, f"{name} must be from 0 to below 1, got {shown(fraction)}."
            )
        total += fraction
    if total >= 1:
        raise InterchangeError(
            "test_fraction", "validation_fraction and test_fraction must be below 1 together."
        )


def _refuse_large_network(config: Mapping[str, Any], tokens: int) -> None:
    """Refuse a network with too many parameters, or with too many activations of a batch."""
    widths = _widths(config)
    refuse_above("hidden_dimension", "Weights and biases", parameter_count(widths), MOST_NUMBERS)
    batch = min(_size(config, "batch_size"), _samples(config, tokens))
    numbers = max(batch, EVALUATED_AT_ONCE) * max(widths)
    refuse_above("batch_size", "Activations of a layer, over a batch", numbers, MOST_NUMBERS)


def _widths(config: Mapping[str, Any]) -> list[int]:
    """Return the units of each level of the network."""
    layers = _size(config, "hidden_layers")
    refuse_above("hidden_layers", "hidden_layers", layers, SETTINGS["hidden_layers"].bounds[1])
    hidden = _sizes(config, "hidden_dimension")
    if is_whole(_value(config, "hidden_dimension")):
        hidden = hidden * layers
    vocabulary = _value(config, "vocabulary")
    if not isinstance(vocabulary, (list, tuple)):
        raise InterchangeError("vocabulary", f"vocabulary must be a list, got {shown(vocabulary)}.")
    classifies = _value(config, "task_type") == "sequence_classification"
    outputs = _most_classes(config) if classifies else len(vocabulary)
    inputs = _size(config, "sequence_length") * len(vocabulary)
    return [inputs, *hidden, outputs]


def _master_count(config: Mapping[str, Any]) -> int:
    masters = _value(config, "master_sequences")
    if masters is None:
        return _size(config, "num_master_sequences")
    return masters.count("\n") + 1 if isinstance(masters, str) else len(masters)


def _most_classes(config: Mapping[str, Any]) -> int:
    """Return the largest possible number of classes: the number of labels, or of masters."""
    labels = _value(config, "master_labels")
    if labels is None:
        return _master_count(config)
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise InterchangeError(
            "master_labels", f"master_labels must be a list of texts, got {shown(labels)}."
        )
    return len(set(labels))


def _value(config: Mapping[str, Any], name: str) -> Any:
    return config.get(name, SETTINGS[name].default)


def _size(config: Mapping[str, Any], name: str) -> int:
    value = _value(config, name)
    if not is_whole(value) or value < 0:
        raise InterchangeError(name, f"{name} must be a whole number, got {shown(value)}.")
    return value


def _sizes(config: Mapping[str, Any], name: str) -> list[int]:
    """Return a setting's whole numbers, one or several, as a list."""
    value = _value(config, name)
    sizes = list(value) if isinstance(value, (list, tuple)) else [value]
    for size in sizes:
        if not is_whole(size) or size < 0:
            raise InterchangeError(
                name, f"{name} must be made of whole numbers, got {shown(size)}."
            )
    return sizes
