"""Fields for settings, and the conversion of a setting to the value of its field and back."""

from __future__ import annotations

import re
from importlib.resources import files
from math import isfinite
from typing import Any

import panel as pn
import panel_material_ui as pmui

from ...data.sampling import ALL
from ...data.sequence_dataset import SequenceDataset
from ...data.text_settings import TEXT_DEFAULTS
from ...nn.activations import ACTIVATIONS
from ...nn.faults import FAULTS
from ...nn.losses import LOSSES
from ...nn.optimizers import OPTIMIZERS
from ...settings import SettingError, one_of, shown
from ..state.token_text import from_visible, visible
from .buttons import SMALL

ALICE = (files("backprop_panel.data") / "texts" / "alice.txt").read_text().strip()
"""The beginning of Alice's Adventures in Wonderland, one paragraph per line."""

SOURCES = {
    "Generated": "generated",
    "Text": "text",
    "Alice in Wonderland": "alice",
    "Explicit masters": "explicit",
}
SPLITS = {"Whole lines": "lines", "Distinct windows": "windows"}
TASKS = {"Next token": "next_token", "Sequence classification": "sequence_classification"}
INITIALIZATION_LABELS = {
    "Xavier uniform": "xavier_uniform",
    "Xavier normal": "xavier_normal",
    "He": "he",
    "Zeros": "zeros",
}

LABELS = {
    "loss_type": "Loss function",
    "learning_rate": "Learning rate",
    "batch_size": "Batch size",
    "optimizer": "Optimizer",
    "weight_decay": "Weight decay",
    "fault": "Fault",
    "hidden_layers": "Hidden layers",
    "hidden_dimension": "Hidden dimension",
    "activation": "Activation",
    "initialization": "Initialization",
    "master_sequences": "Source",
    "task_type": "Task",
    "sequence_length": "Sequence length",
    "vocabulary": "Vocabulary",
    "num_master_sequences": "Master sequences",
    "master_sequence_length": "Master length",
    "num_samples": "Training samples",
    "split": "Held out",
    "validation_fraction": "Validation fraction",
    "test_fraction": "Test fraction",
    "seed": "Seed",
    "boundary": "Boundary token",
}
"""What the page calls the settings."""

WHOLE_NUMBERS = (
    "batch_size",
    "hidden_layers",
    "sequence_length",
    "num_master_sequences",
    "num_samples",
    "seed",
    "stop_after",
)
FRACTIONS = (
    "learning_rate",
    "weight_decay",
    "stop_below",
    "validation_fraction",
    "test_fraction",
)
"""Settings in text fields: a number field ignores invalid text without a message."""

NO_FAULT = "none"
"""The value of the field of the fault where there is none."""

EACH = "each"
"""The value of the field of the activation if each hidden layer has its own."""

NETWORK_FIELDS = (
    "hidden_layers",
    "hidden_dimension",
    "activation",
    "activations",
    "initialization",
)
"""`activations` is no setting: the text of `activation` where that is a list."""

DATA_FIELDS = (
    "master_sequences",
    "task_type",
    "sequence_length",
    "vocabulary",
    "num_master_sequences",
    "master_sequence_length",
    "num_samples",
    "split",
    "validation_fraction",
    "test_fraction",
    "seed",
)
HELD_OUT = ("split", "validation_fraction", "test_fraction")
OF_GENERATED = ("vocabulary", "num_master_sequences", "master_sequence_length")
"""Fields of generated masters alone: the vocabulary of others is inferred."""


OF_SOURCE = ("task_type", "sequence_length", "num_samples", *HELD_OUT)
"""Fields whose first values depend on the source."""


def training_fields() -> dict[str, pn.widgets.Widget]:
    """Return a field for each setting that applies at once."""
    return {
        "learning_rate": pmui.TextInput(label=LABELS["learning_rate"], **SMALL),
        "batch_size": pmui.TextInput(label=LABELS["batch_size"], **SMALL),
        "loss_type": pmui.Select(
            label=LABELS["loss_type"],
            options={loss.label: name for name, loss in LOSSES.items()},
            **SMALL,
        ),
        "optimizer": pmui.Select(
            label=LABELS["optimizer"],
            options={rule.label: name for name, rule in OPTIMIZERS.items()},
            **SMALL,
        ),
        "weight_decay": pmui.TextInput(label=LABELS["weight_decay"], **SMALL),
        "fault": pmui.Select(
            label=LABELS["fault"],
            options={"None": NO_FAULT} | {fault.label: key for key, fault in FAULTS.items()},
            **SMALL,
        ),
    }


def new_run_fields() -> dict[str, pn.widgets.Widget]:
    """Return a field for each setting that makes a new run."""
    return {
        "hidden_layers": pmui.TextInput(label=LABELS["hidden_layers"], **SMALL),
        "hidden_dimension": pmui.TextInput(label=LABELS["hidden_dimension"], **SMALL),
        "activation": pmui.Select(
            label=LABELS["activation"],
            options={each.label: name for name, each in ACTIVATIONS.items()}
            | {"One for each layer": EACH},
            **SMALL,
        ),
        "activations": pmui.TextInput(
            label="Activations", placeholder="gelu tanh", visible=False, **SMALL
        ),
        "initialization": pmui.Select(
            label=LABELS["initialization"], options=INITIALIZATION_LABELS, **SMALL
        ),
        "master_sequences": pmui.Select(label=LABELS["master_sequences"], options=SOURCES, **SMALL),
        "task_type": pmui.Select(label=LABELS["task_type"], options=TASKS, **SMALL),
        "sequence_length": pmui.TextInput(label=LABELS["sequence_length"], **SMALL),
        "vocabulary": pmui.TextInput(label=LABELS["vocabulary"], max_length=100_000, **SMALL),
        "num_master_sequences": pmui.TextInput(label=LABELS["num_master_sequences"], **SMALL),
        "master_sequence_length": pmui.TextInput(label=LABELS["master_sequence_length"], **SMALL),
        "num_samples": pmui.TextInput(
            label=LABELS["num_samples"], placeholder="a number, or all", **SMALL
        ),
        "split": pmui.Select(label=LABELS["split"], options=SPLITS, **SMALL),
        "validation_fraction": pmui.TextInput(label=LABELS["validation_fraction"], **SMALL),
        "test_fraction": pmui.TextInput(label=LABELS["test_fraction"], **SMALL),
        "seed": pmui.TextInput(label=LABELS["seed"], **SMALL),
    }


def to_field(name: str, value: Any) -> Any:
    """Return the value with which a field shows its setting."""
    if name == "master_sequences":
        return source_of(value)
    if name == "vocabulary":
        return " ".join(map(visible, value))
    if name == "master_sequence_length":
        return "{} to {}".format(*value)
    if name == "hidden_dimension":
        return " ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    if name == "activation":
        return EACH if isinstance(value, (list, tuple)) else value
    if name == "activations":
        return " ".join(value)
    if name == "fault":
        return value or NO_FAULT
    if name in WHOLE_NUMBERS or name in FRACTIONS:
        return f"{value:g}" if isinstance(value, float) else str(value)
    return value


def from_field(name: str, value: Any) -> Any:
    """Return the setting that the value of a field stands for.

    Raises
    ------
    SettingError
        If the value is a text that is no value of the setting.
    """
    if name == "vocabulary":
        return list(map(from_visible, value.split()))
    if name == "num_samples" and value.strip().lower() == ALL:
        return ALL
    if name == "master_sequence_length":
        return tuple(whole(name, part) for part in re.split(r"to|,|\s", value) if part)
    if name == "hidden_dimension":
        units = [whole(name, part) for part in value.replace(",", " ").split()]
        return units[0] if len(units) == 1 else units
    if name == "activations":
        return [_activation(part) for part in value.replace(",", " ").split()]
    if name == "fault":
        return None if value == NO_FAULT else value
    if name in WHOLE_NUMBERS:
        return whole(name, value)
    if name in FRACTIONS:
        return _fraction(name, value)
    return value


def with_activations(settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings with `activations`: the activation of each layer where that is a list."""
    activation = settings["activation"]
    return {**settings, "activations": activation if isinstance(activation, list) else []}


def _activation(text: str) -> str:
    """Return the name of an activation that a person typed, in small or capital letters."""
    if text.lower() not in ACTIVATIONS:
        raise SettingError("activations", one_of("activations", text, ACTIVATIONS))
    return text.lower()


def optional(name: str, text: str) -> int | float | None:
    """Return the setting that a text stands for, None if the text is empty."""
    return from_field(name, text) if text.strip() else None


def finite(name: str, text: str) -> float:
    """Return the finite number that a text stands for."""
    value = _fraction(name, text)
    if not isfinite(value):
        raise SettingError(name, f"A {name} must be a finite number, got {shown(text)}.")
    return value


def with_label(message: str, name: str, label: str) -> str:
    """Return a message with the label of a setting in place of its name."""
    return label + message.removeprefix(name) if message.startswith(f"{name} ") else message


def optional_text(value: int | float | None) -> str:
    """Return the text with which a field shows an optional number."""
    return "" if value is None else f"{value:g}"


def source_of(masters: Any) -> str:
    """Return the source of a run's masters, a value of `SOURCES`."""
    if masters is None:
        return "generated"
    if not isinstance(masters, str):
        return "explicit"
    return "alice" if masters == ALICE else "text"


def source_fields(source: str) -> dict[str, Any]:
    """Return the values of the fields that a source of data begins with."""
    names = (*OF_SOURCE, "vocabulary") if source == "generated" else OF_SOURCE
    defaults = {name: SequenceDataset.param[name].default for name in names}
    if source == "explicit":
        defaults["num_samples"] = ALL
    elif source != "generated":
        defaults |= TEXT_DEFAULTS
    return {name: to_field(name, value) for name, value in defaults.items()}


def whole(name: str, text: str) -> int:
    """Return the whole number that a text stands for."""
    try:
        return int(text)
    except ValueError:
        raise SettingError(name, f"{name} takes whole numbers, got {shown(text)}.") from None


def _fraction(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise SettingError(
            name, f"{name} takes a number such as 0.01, got {shown(text)}."
        ) from None
