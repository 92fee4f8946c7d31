"""Weights as safetensors, named and transposed as in a PyTorch ``nn.Sequential``.

Linear layer k is module 2k, as an activation follows each of them: ``0.weight``, ``0.bias``,
``2.weight``, … PyTorch's weights are (out, in), for ``x @ Wᵀ + b``; ours are (in, out).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, deserialize
from safetensors.numpy import save

from ..nn.network import Network, split_biases
from ..settings import SettingError
from .file_input import (
    MOST_HEADER_BYTES,
    MOST_WEIGHTS_BYTES,
    InterchangeError,
    Source,
    read_limited,
    refuse_above,
)
from .file_kinds import NOT_WEIGHTS, refuse_kinds

Tensors = dict[str, NDArray]


def torch_tensors(weights: Sequence[NDArray], biases: Sequence[NDArray]) -> Tensors:
    """Return copies of weights (in, out) and biases (out,) under PyTorch's names, transposed."""
    tensors: Tensors = {}
    for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        tensors[f"{2 * layer}.weight"] = weight.T.copy()
        tensors[f"{2 * layer}.bias"] = bias.copy()
    return tensors


def tensors_of(network: Network, parameters: NDArray) -> Tensors:
    """Return the layers of a flat vector like ``network.parameters`` under PyTorch's names."""
    return torch_tensors(*split_biases(network.by_layer(parameters)))


def digest_of(network: Network, parameters: NDArray) -> str:
    """Return a fingerprint of a flat vector's tensors: their names, shapes and float32 data.

    Raises
    ------
    SettingError
        If the vector does not fit the network or holds a number that is not finite.
    """
    if parameters.shape != (network.size,) or parameters.dtype != network.dtype:
        raise SettingError(
            "weights",
            f"The network has {network.size} parameters of {np.dtype(network.dtype)}; got "
            f"{parameters.dtype} of the shape {parameters.shape}.",
        )
    if not np.isfinite(parameters).all():
        raise SettingError("weights", "Weights must be finite numbers.")
    fingerprint = sha256()
    for name, values in tensors_of(network, parameters).items():
        fingerprint.update(f"{name} {values.shape}\n".encode())
        fingerprint.update(values.astype("<f4").tobytes())
    return fingerprint.hexdigest()


def read_parameters(source: Source, network: Network) -> NDArray[np.float32]:
    """Return the flat vector of the weights and biases in the file of a matching ``nn.Sequential``.

    Parameters
    ----------
    source : path, bytes or binary file
        Float32 tensors ``0.weight`` (out, in), ``0.bias`` (out,), ``2.weight``, …
    network : Network

    Raises
    ------
    InterchangeError
        If the file is damaged, or its tensors do not fit the network or are not finite.
    """
    tensors = read_tensors(read_limited(source, MOST_WEIGHTS_BYTES, "The file of weights"))
    refuse_mismatch(tensors, network)
    for name, values in tensors.items():
        if not np.isfinite(values).all():
            raise InterchangeError("weights", f"{name} holds a number that is not finite.")
    parameters = np.empty_like(network.parameters)
    set_weights(*split_biases(network.by_layer(parameters)), tensors)
    return parameters


def tensor_bytes(tensors: Mapping[str, NDArray]) -> bytes:
    """Return the bytes of a safetensors file; the library itself needs contiguous arrays."""
    return save({name: np.ascontiguousarray(values) for name, values in tensors.items()})


def read_tensors(data: bytes) -> Tensors:
    """Return the float32 tensors of a safetensors file; the caller has checked its size.

    Raises
    ------
    InterchangeError
        If it is not a safetensors file, or a tensor has another type.
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


def refuse_mismatch(tensors: Mapping[str, NDArray], network: Network) -> None:
    """Raise `InterchangeError` unless names and shapes of the tensors are the network's."""
    expected = torch_tensors(network.weights, network.biases)
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


def set_weights(
    weights: Sequence[NDArray], biases: Sequence[NDArray], tensors: Mapping[str, NDArray]
) -> None:
    """Write tensors under PyTorch's names into weights (in, out) and biases (out,)."""
    for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        weight[...] = tensors[f"{2 * layer}.weight"].T
        bias[...] = tensors[f"{2 * layer}.bias"]


def _listed(tensors: Mapping[str, NDArray], most: int = 12) -> str:
    names = list(tensors)
    shown = ", ".join(f"{name!r:.40}" for name in names[:most])
    return (shown + (f" and {len(names) - most} more" if len(names) > most else "")) or "nothing"
