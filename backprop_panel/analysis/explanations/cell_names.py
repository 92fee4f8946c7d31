"""The number of a record that a person means by its name on the map."""

from __future__ import annotations

import re
import unicodedata

from ...nn.record import StepRecord
from ...settings import SettingError, shown
from ..record_cell import RecordCell, checked

# A quantity by its letters; with a number, layers are counted from 1 and levels from 0.
_LAYERS = {
    "W": "weights",
    "b": "biases",
    "dW": "weight_gradients",
    "db": "bias_gradients",
    "ΔW": "weight_updates",
    "Δb": "bias_updates",
    "new W": "new_weights",
    "new b": "new_biases",
    "z": "pre_activations",
    "δ": "deltas",
    "delta": "deltas",
}
_LEVELS = {"a": "activations", "da": "activation_gradients"}
_INPUTS = {"X": "activations", "dX": "activation_gradients"}
_OUTPUTS = {
    "ŷ": "activations",
    "y": "activations",
    "dŷ": "activation_gradients",
    "dy": "activation_gradients",
}
_OTHERS = {"p": "probabilities", "L": "loss"}

_NAME = re.compile(r"(?P<letters>[^\d\[]+?)\s*(?P<number>\d*)\s*(?:\[(?P<index>[\d,\s]*)\])?")

EXAMPLES = "dW2[3, 17], b1[4], a1[0, 5], δ2[0, 3], p[0, 1] or L"


def cell_named(record: StepRecord, name: str) -> RecordCell:
    """Return the number with a name such as ``dW2[3, 17]``, ``δ2[0, 3]`` or ``L``.

    ``delta`` stands for δ, and ``y`` for ŷ.

    Raises
    ------
    SettingError
        If it is no such name, or the record has no such number.
    """
    found = _NAME.fullmatch(unicodedata.normalize("NFC", name.strip()))
    place = found and _place(record, found["letters"], found["number"])
    if not place:
        raise SettingError("name", f"{shown(name)} is no name of a number, such as {EXAMPLES}.")
    quantity, layer = place
    index = tuple(int(part) for part in re.findall(r"\d+", found["index"] or "")[:4])
    if quantity != "loss" and not index:
        raise SettingError("name", f"{shown(name)} is a whole array: name one number of it, "
                           f"such as {EXAMPLES}.")  # fmt: skip
    return checked(record, quantity, layer, index)


def _place(record: StepRecord, letters: str, number: str) -> tuple[str, int | None] | None:
    """Return quantity and layer; None if the letters and the number mean nothing together."""
    last = len(record.layers)
    if number and len(number) < 5:
        if letters in _LAYERS:
            return _LAYERS[letters], int(number) - 1
        if letters in _LEVELS:
            return _LEVELS[letters], int(number)
    elif not number:
        if letters in _INPUTS:
            return _INPUTS[letters], 0
        if letters in _OUTPUTS:
            return _OUTPUTS[letters], last
        if letters in _OTHERS:
            return _OTHERS[letters], None
    return None
