"""Weights as safetensors, named and turned as in a PyTorch ``nn.Sequential``.

Linear layer k is module 2k, since an activation stands between each two: ``0.weight``, ``0.bias``,
``2.weight``, … PyTorch's weights are (out, in), for ``x @ Wᵀ + b``; ours are (in, out).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, deserialize
from safetensors.numpy import save

from ..model import Model
from .files import Source, Target, read_limited, write_file
from .kinds import NOT_WEIGHTS, refuse_kinds
from .limits import (
    MOST_HEADER_BYTES,
    MOST_WEIGHTS_BYTES,
    InterchangeError,
    refuse_above,
    refuse_other,
)

Tensors = dict[str, NDArray]


def save_weights(model: Model, target: Target) -> None:
    """Write a model's weights as a safetensors file that a matching ``nn.Sequential`` loads.

    Parameters
    ----------
    model : Model
    target : path or binary file
        A file that is there already is replaced; folders that are not there are made.

    Raises
    ------
    InterchangeError
        If it cannot be written.
    """
    refuse_other(model, Model, "model")
    write_file(target, tensor_bytes(torch_tensors(model.weights, model.biases)))


def load_weights(model: Model, source: Source) -> None:
    """Take a model's weights from the safetensors file of a matching ``nn.Sequential``.

    Parameters
    ----------
    model : Model
    source : path, bytes or binary file
        Float32 tensors ``0.weight`` (out, in), ``0.bias`` (out,), ``2.weight``, …

    Raises
    ------
    InterchangeError
        If the file is damaged or of another kind, which is named with a line that converts it, or
        its tensors are not those of the model: nothing has changed.
    """
    refuse_other(model, Model, "model")
    tensors = read_tensors(read_limited(source, MOST_WEIGHTS_BYTES, "The file of weights"))
    refuse_mismatch(tensors, model)
    for name, values in tensors.items():
        if not np.isfinite(values).all():
            raise InterchangeError("weights", f"{name} holds a number that is not finite.")
    set_weights(model, tensors)


def torch_tensors(weights: Sequence[NDArray], biases: Sequence[NDArray]) -> Tensors:
    """Return copies of weights (in, out) and biases (out,) under PyTorch's names, turned."""
    tensors: Tensors = {}
    for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        tensors[f"{2 * layer}.weight"] = weight.T.copy()
        tensors[f"{2 * layer}.bias"] = bias.copy()
    return tensors


def tensor_bytes(tensors: Mapping[str, NDArray]) -> bytes:
    """Return a safetensors file; each array in one piece, as the library does not see to it."""
    return save({name: np.ascontiguousarray(values) for name, values in tensors.items()})


def read_tensors(data: bytes) -> Tensors:
    """Return the float32 tensors of a safetensors file of a size that was looked at before.

    Raises
    ------
    InterchangeError
        If it is no such file, or a tensor is of another type.
    """
    refuse_kinds(data, "weights", NOT_WEIGHTS)
    header = int.from_bytes(data[:8], "little")
    refuse_above("weights", "Bytes of the safetensors header", header, MOST_HEADER_BYTES)
    try:
        entries = deserialize(data)
    except SafetensorError as error:
        raise InterchangeError("weights", f"Not a whole safetensors file: {error}.") from error
    tensors: Tensors = {}
    for name, entry in entries:
        if entry["dtype"] != "F32":
            raise InterchangeError(
                "weights", f"{name} is of type {entry['dtype']}; F32 is expected: model.float()."
            )
        tensors[name] = np.frombuffer(entry["data"], "<f4").reshape(entry["shape"])
    return tensors


def refuse_mismatch(tensors: Mapping[str, NDArray], model: Model) -> None:
    """Raise `InterchangeError` if the tensors are not named and shaped like the model's."""
    expected = torch_tensors(model.weights, model.biases)
    if set(tensors) != set(expected):
        raise InterchangeError(
            "weights",
            f"The file holds {_listed(tensors)}; this network's are {_listed(expected)}. Layer k "
            "is module 2k of an nn.Sequential, an activation standing between each two.",
        )
    for name, values in expected.items():
        if tensors[name].shape != values.shape:
            raise InterchangeError(
                "weights",
                f"{name} has the shape {tensors[name].shape} in the file; {values.shape}, that is "
                "(out, in) for a weight, is expected.",
            )


def set_weights(model: Model, tensors: Mapping[str, NDArray]) -> None:
    """Write tensors that match into the model."""
    for layer, (weight, bias) in enumerate(zip(model.weights, model.biases, strict=True)):
        weight[...] = tensors[f"{2 * layer}.weight"].T
        bias[...] = tensors[f"{2 * layer}.bias"]


def _listed(tensors: Mapping[str, NDArray], most: int = 12) -> str:
    names = list(tensors)
    shown = ", ".join(f"{name!r:.40}" for name in names[:most])
    return (shown + (f" and {len(names) - most} more" if len(names) > most else "")) or "nothing"
