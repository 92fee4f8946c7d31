"""What a run is made of, as bytes and JSON to keep in a file: nothing in them can be executed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from ..nn.optimizers import OptimizerState
from ..training.checkpoints import EngineState


class Damaged(ValueError):
    """What was read is not what was written."""


def pack_json(fields: Mapping[str, Any]) -> str:
    """Return a run's configuration, or an event's fields, as JSON."""
    return json.dumps(fields)


def unpack_json(text: str) -> dict[str, Any]:
    """Return what `pack_json` was given.

    Raises
    ------
    Damaged
    """
    try:
        return json.loads(text)
    except ValueError as error:
        raise Damaged(f"its JSON cannot be read: {error}") from error


def pack_state(state: EngineState) -> tuple[str, str, bytes]:
    """Return a state's digest, its numbers as JSON, and its arrays."""
    meta = {
        "step": state.step,
        "epoch": state.epoch,
        "position": state.position,
        "events": state.events,
        "settings": state.settings,
        "frozen": sorted(state.frozen),
        "rules": state.rules,
    }
    return state.digest(), pack_json(meta), save(state.tensors())


def unpack_state(digest: str, meta: str, tensors: bytes) -> EngineState:
    """Return the state that `pack_state` was given.

    Raises
    ------
    Damaged
        If it is not bit for bit that state.
    """
    state = read_state(meta, tensors)
    if state.digest() != digest:
        raise Damaged(f"the state of step {state.step} is not as it was saved")
    return state


def read_state(meta: str, tensors: bytes) -> EngineState:
    """Return the state that is packed in these two, whatever its digest.

    Raises
    ------
    Damaged
        If it is none.
    """
    fields, arrays = unpack_json(meta), unpack_arrays(tensors)
    try:
        parameters = arrays.pop("parameters")
        optimizers = {
            name: OptimizerState.resumed(_moments(name, arrays), parameters, steps)
            for name, steps in fields.pop("rules").items()
        }
        fields["frozen"] = frozenset(fields["frozen"])
        return EngineState(**fields, parameters=parameters, optimizers=optimizers)
    except (KeyError, TypeError, AttributeError) as error:
        raise Damaged(f"a state has not what it needs: {error}") from error


def pack_arrays(arrays: Mapping[str, NDArray]) -> bytes:
    """Return arrays and their names in the safetensors format."""
    return save({name: np.ascontiguousarray(array) for name, array in arrays.items()})


def unpack_arrays(packed: bytes) -> dict[str, NDArray]:
    """Return the arrays that `pack_arrays` was given."""
    try:
        return load(packed)
    except SafetensorError as error:
        raise Damaged(f"its arrays cannot be read: {error}") from error


def _moments(rule: str, arrays: Mapping[str, NDArray]) -> dict[str, NDArray]:
    """Return what a rule remembers, by its own names."""
    return {
        name.removeprefix(f"{rule}."): array
        for name, array in arrays.items()
        if name.startswith(f"{rule}.")
    }
