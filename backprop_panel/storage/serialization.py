"""The parts of a run as JSON and safetensors: formats that cannot contain code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from ..nn.optimizers import OptimizerState
from ..plain_values import is_whole
from ..settings import shortened
from ..training.checkpoints import EngineState


class Damaged(ValueError):
    """Stored data cannot be read, or differs from what was written."""


def pack_json(fields: Mapping[str, Any]) -> str:
    """Return a run's configuration, or an event's fields, as JSON."""
    return json.dumps(fields)


def unpack_json(text: str | bytes) -> dict[str, Any]:
    """Return the inverse of `pack_json`.

    Raises
    ------
    Damaged
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Damaged(f"its JSON cannot be read: {shortened(error)}") from error


def pack_state(state: EngineState) -> tuple[str, str, bytes]:
    """Return a state's digest, its numbers as JSON, and its arrays as bytes."""
    meta = {
        "step": state.step,
        "epoch": state.epoch,
        "position": state.position,
        "events": state.events,
        "settings": state.settings,
        "frozen": sorted(state.frozen),
        "rules": state.rules,
        **state.interventions,
    }
    return state.digest(), pack_json(meta), save(state.tensors())


def unpack_state(digest: str, meta: str, tensors: bytes) -> EngineState:
    """Return the inverse of `pack_state`.

    Raises
    ------
    Damaged
        If the state differs from the one with this digest.
    """
    state = unpack_unchecked_state(meta, tensors)
    if state.digest() != digest:
        raise Damaged(f"the state of step {state.step} is not as it was saved")
    return state


def unpack_unchecked_state(meta: str, tensors: bytes) -> EngineState:
    """Return a packed state without checking its digest.

    Raises
    ------
    Damaged
        If it cannot be unpacked.
    """
    fields, arrays = unpack_json(meta), unpack_arrays(tensors)
    try:
        parameters, memory = arrays.pop("parameters"), arrays.pop("fault_memory", None)
        optimizers = {
            name: OptimizerState.resumed(_moments(name, arrays), parameters, steps)
            for name, steps in fields.pop("rules").items()
        }
        fields["frozen"] = frozenset(fields["frozen"])
        for name in ("frozen_parts", "silenced"):
            fields[name] = frozenset(map(tuple, fields.get(name, [])))
        if not all(_is_count(fields[name]) for name in ("step", "epoch", "position", "events")):
            raise Damaged("a state does not say where it stands")
        _refuse_unsortable(fields)
        return EngineState(
            **fields, parameters=parameters, optimizers=optimizers, fault_memory=memory
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise Damaged(f"a state is incomplete: {shortened(error)}") from error


def _is_count(value: Any) -> bool:
    return is_whole(value) and value >= 0


def _refuse_unsortable(fields: Mapping[str, Any]) -> None:
    """Refuse frozen layers and silenced units that are no numbers: a digest sorts them."""
    parts = [fields["frozen"], *fields["silenced"]]
    if not all(is_whole(number) for part in parts for number in part):
        raise Damaged("a state does not say what is frozen or silenced")


def pack_arrays(arrays: Mapping[str, NDArray]) -> bytes:
    """Return arrays and their names in the safetensors format."""
    return save({name: np.ascontiguousarray(array) for name, array in arrays.items()})


def unpack_arrays(packed: bytes) -> dict[str, NDArray]:
    """Return the inverse of `pack_arrays`.

    Raises
    ------
    Damaged
    """
    try:
        return load(packed)
    except SafetensorError as error:
        raise Damaged(f"its arrays cannot be read: {shortened(error)}") from error


def _moments(rule: str, arrays: Mapping[str, NDArray]) -> dict[str, NDArray]:
    """Return the moments of a rule by their names in it."""
    return {
        name.removeprefix(f"{rule}."): array
        for name, array in arrays.items()
        if name.startswith(f"{rule}.")
    }
