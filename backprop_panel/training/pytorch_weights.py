"""Weights as safetensors, named and transposed as in a PyTorch ``nn.Sequential``.

Linear layer k is module 2k, as an activation follows each of them: ``0.weight``, ``0.bias``,
``2.weight``, … PyTorch's weights are (out, in), for ``x @ Wᵀ + b``; ours are (in, out).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, deserialize
from safetensors.numpy import save

from ..nn.network import Network, split_biases
from ..plain_values import LARGEST
from ..settings import SettingError, shortened, shown
from .file_input import MOST_HEADER_BYTES, InterchangeError, refuse_above
from .file_kinds import NOT_WEIGHTS, refuse_kinds

Tensors = dict[str, NDArray]

OUT_IN = {"weights": "(out, in)"}
"""The metadata of a file whose weights are as PyTorch's."""

FLOAT_TYPES = ("F32", "F64", "F16", "BF16")
"""The types of numbers that can be converted to float32, as a safetensors file names them."""


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
    is_array = isinstance(parameters, np.ndarray)
    if not is_array or (parameters.shape, parameters.dtype) != ((network.size,), network.dtype):
        given = f"{parameters.dtype} of the shape {parameters.shape}" if is_array else parameters
        raise SettingError(
            "weights",
            f"The network has {network.size} parameters of {np.dtype(network.dtype)}; got "
            f"{given if is_array else shown(given)}.",
        )
    if not np.isfinite(parameters).all():
        raise SettingError("weights", "Weights must be finite numbers.")
    fingerprint = sha256()
    for name, values in tensors_of(network, parameters).items():
        fingerprint.update(f"{name} {values.shape}\n".encode())
        fingerprint.update(values.astype("<f4").tobytes())
    return fingerprint.hexdigest()


def tensor_bytes(tensors: Mapping[str, NDArray], metadata: dict[str, str] | None = None) -> bytes:
    """Return the bytes of a safetensors file; the library itself needs contiguous arrays."""
    arrays = {name: np.ascontiguousarray(values) for name, values in tensors.items()}
    return save(arrays, metadata)


def sequential_bytes(tensors: Tensors) -> bytes:
    """Return the bytes of a file for an ``nn.Sequential``, which says that weights are (out, in).

    The shape of a square weight does not say it.
    """
    return tensor_bytes(tensors, OUT_IN)


def is_out_in(data: bytes) -> bool:
    """Tell whether a file says that its weights are (out, in)."""
    return OUT_IN.items() <= _header(data).get("__metadata__", {}).items()


def number_types(data: bytes) -> dict[str, str]:
    """Return the type of each tensor's numbers in a file that was read, such as F32."""
    return {name: entry["dtype"] for name, entry in _header(data).items() if "dtype" in entry}


def _header(data: bytes) -> dict[str, dict[str, Any]]:
    return json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])


def read_tensors(data: bytes, types: Sequence[str] = ("F32",)) -> Tensors:
    """Return the tensors of a safetensors file in float32; the caller has checked its size.

    Parameters
    ----------
    data : bytes
    types : sequence of str
        The types of numbers that are taken, of `FLOAT_TYPES`.

    Raises
    ------
    InterchangeError
        If it is not a safetensors file, a tensor is of another type, or a number is beyond float32.
    """
    refuse_kinds(data, "weights", NOT_WEIGHTS)
    header = int.from_bytes(data[:8], "little")
    if header > len(data):
        raise InterchangeError(
            "weights", "Not a whole safetensors file: its header would be longer than the file."
        )
    refuse_above("weights", "Bytes of the safetensors header", header, MOST_HEADER_BYTES)
    try:
        entries = deserialize(data)
    except SafetensorError as error:
        raise InterchangeError(
            "weights", f"Not a whole safetensors file: {shortened(error)}."
        ) from error
    tensors: Tensors = {}
    for name, entry in entries:
        if entry["dtype"] not in types:
            raise InterchangeError(
                "weights", _other_type(name, entry["dtype"], entry["shape"], types)
            )
        values = _as_float32(name, entry["dtype"], entry["data"])
        tensors[name] = values.reshape(entry["shape"])
    return tensors


def _other_type(name: str, number_type: str, shape: Sequence[int], types: Sequence[str]) -> str:
    """Say why a tensor whose numbers are of another type cannot be loaded."""
    if not shape:  # model.float() leaves BatchNorm's count of its batches as it is
        return (
            f"{shown(name)}, a single number of type {number_type}, belongs to no fully connected "
            "layer. Only fully connected layers can be loaded."
        )
    return (
        f"{shown(name)} is of type {number_type}; {' or '.join(types)} is expected: "
        "tensor.float(), or leave out what is neither a weight nor a bias."
    )


def _as_float32(name: str, number_type: str, data: bytes) -> NDArray[np.float32]:
    if number_type == "BF16":  # the upper half of a float32
        return (np.frombuffer(data, "<u2").astype("<u4") << 16).view("<f4")
    values = np.frombuffer(data, {"F32": "<f4", "F64": "<f8", "F16": "<f2"}[number_type])
    if number_type == "F64" and (np.abs(values[np.isfinite(values)]) > LARGEST).any():
        raise InterchangeError("weights", f"{shown(name)} holds a number beyond float32.")
    return values.astype("<f4", copy=False)


def refuse_mismatch(tensors: Mapping[str, NDArray], network: Network) -> None:
    """Raise `InterchangeError` unless names and shapes of the tensors are the network's."""
    expected = torch_tensors(network.weights, network.biases)
    if set(tensors) != set(expected):
        raise InterchangeError(
            "weights",
            f"The file holds {listed(tensors)}; this network's are {listed(expected)}. Layer k "
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


def listed(names: Iterable[str], most: int = 12) -> str:
    """Return names for a message, cut short."""
    names = list(names)
    first = ", ".join(shown(name, 40) for name in names[:most])
    return (first + (f" and {len(names) - most} more" if len(names) > most else "")) or "nothing"
