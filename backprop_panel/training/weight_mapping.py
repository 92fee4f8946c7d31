"""Which tensor of a safetensors file becomes which weight or bias of a network.

The shapes say in which order the layers come, and whether the file holds (out, in), as PyTorch
does, or (in, out). What they leave open is never assumed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..nn.network import Network, parameter_count, split_biases
from ..settings import shown
from .file_input import (
    MOST_HEADER_BYTES,
    MOST_WEIGHTS_BYTES,
    InterchangeError,
    Source,
    read_limited,
)
from .file_layers import FileLayer, layers_in, orders, widths_of
from .pytorch_weights import FLOAT_TYPES, Tensors, is_out_in, listed, number_types, read_tensors

HOW_TO_ANSWER = (
    "transposed=True if the file holds (out, in), as PyTorch's nn.Linear does, transposed=False if "
    "it holds (in, out)"
)


@dataclass(frozen=True)
class Expected:
    """The network that a file is to fit.

    Attributes
    ----------
    inputs, outputs : int
    hidden : tuple of int or None
        The units of each hidden layer; None: the file says how many.
    """

    inputs: int
    outputs: int
    hidden: tuple[int, ...] | None = None

    @classmethod
    def of(cls, network: Network) -> Expected:
        """Return that of an existing network."""
        inputs, *hidden, outputs = network.widths
        return cls(inputs, outputs, tuple(hidden))

    def takes(self, widths: Sequence[int]) -> bool:
        """Tell whether a network of these widths fits."""
        ends = (widths[0], widths[-1]) == (self.inputs, self.outputs)
        return ends and self.hidden in (None, tuple(widths[1:-1]))

    @property
    def most_bytes(self) -> int:
        """Size of its file at most: of float64 numbers, where a network is known that is larger."""
        if self.hidden is None:
            return MOST_WEIGHTS_BYTES
        parameters = parameter_count((self.inputs, *self.hidden, self.outputs))
        return max(MOST_WEIGHTS_BYTES, 8 * parameters + MOST_HEADER_BYTES)

    def __str__(self) -> str:
        """Return the widths, as in 16-32-32-4."""
        hidden = ["…"] if self.hidden is None else self.hidden
        return "-".join(map(str, (self.inputs, *hidden, self.outputs)))


@dataclass(frozen=True)
class MappedTensor:
    """A weight or bias, and the tensor of the file that it is taken from.

    Attributes
    ----------
    parameter : str
        Its name on the map: W1, b1, …
    key : str
        Its name in the file; empty if the file has no such bias: zeros are taken.
    shape : tuple of int
        As in the file.
    number_type : str
        As in the file: F32, F64, F16 or BF16.
    transposed : bool or None
        Whether the file holds (out, in) and (in, out) is taken; None: it could be either.
    """

    parameter: str
    key: str
    shape: tuple[int, ...]
    number_type: str
    transposed: bool | None = False


@dataclass(frozen=True)
class WeightMapping:
    """Which tensor of a file becomes which weight or bias: look at it before it is applied.

    ``print(mapping)`` shows a table; ``run.load_weights(mapping)`` applies it.

    Attributes
    ----------
    entries : tuple of MappedTensor
        W1, b1, W2, …
    widths : tuple of int
        The units of each level of the file's network, inputs and outputs included.
    """

    entries: tuple[MappedTensor, ...]
    widths: tuple[int, ...]
    tensors: Tensors = field(repr=False)
    expected: Expected = field(repr=False)

    @property
    def open(self) -> tuple[MappedTensor, ...]:
        """The weights that could be (out, in) or (in, out): `answered` takes the answer."""
        return tuple(entry for entry in self.entries if entry.transposed is None)

    def answered(self, transposed: bool | None) -> WeightMapping:
        """Return the mapping with the answer for what is open; None leaves it open."""
        return map_tensors(self.tensors, self.expected, transposed, _types_in(self.entries))

    def parameters(self, network: Network) -> NDArray[np.float32]:
        """Return the flat vector, as ``network.parameters``, of a network with these widths.

        Raises
        ------
        InterchangeError
            If something is open, or the network has other widths.
        """
        if self.open:
            raise InterchangeError("transposed", _question(self.open))
        if tuple(network.widths) != self.widths:
            raise InterchangeError("weights", _other_widths(self.widths, Expected.of(network)))
        parameters = np.zeros_like(network.parameters)
        layers = zip(*split_biases(network.by_layer(parameters)), strict=True)
        targets = (target for layer in layers for target in layer)
        for entry, target in zip(self.entries, targets, strict=True):
            if entry.key:
                tensor = self.tensors[entry.key]
                target[...] = tensor.T if entry.transposed else tensor
        return parameters

    def rows(self) -> list[tuple[str, str, str, str]]:
        """Return the table: key, parameter, shape in the file, and what is done with it."""
        return [
            (entry.key or "not in the file", entry.parameter, str(entry.shape), _done_with(entry))
            for entry in self.entries
        ]

    def __str__(self) -> str:
        """Return the table as text, a line for each weight and bias."""
        rows = self.rows()
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        return "\n".join(
            f"{key:<{widths[0]}} -> {parameter:<{widths[1]}}  {shape:<{widths[2]}}  {done}".rstrip()
            for key, parameter, shape, done in rows
        )


def read_mapping(
    source: Source, expected: Expected, transposed: bool | None = None
) -> WeightMapping:
    """Return how the tensors of a safetensors file become the layers of a network.

    Parameters
    ----------
    source : path, bytes or binary file
        Tensors of float32, float64, float16 or bfloat16 under any names.
    expected : Expected
    transposed : bool, optional
        Whether weights whose shape does not say it are (out, in) in the file, as PyTorch's. A file
        that this package wrote says it.

    Raises
    ------
    InterchangeError
        If the file is damaged, its tensors are not finite in float32 or do not fit the network, or
        the order of its layers is open.
    """
    data = read_limited(source, expected.most_bytes, "The file of weights")
    tensors = read_tensors(data, FLOAT_TYPES)
    for key, values in tensors.items():
        if not np.isfinite(values).all():
            raise InterchangeError("weights", f"{key} holds a number that is not finite.")
    if transposed is None and is_out_in(data):
        transposed = True
    return map_tensors(tensors, expected, transposed, number_types(data))


def map_tensors(
    tensors: Tensors, expected: Expected, transposed: bool | None, types: Mapping[str, str]
) -> WeightMapping:
    """Return the mapping of tensors to the layers of a network, by their order and shapes."""
    if transposed is not None and not isinstance(transposed, bool):
        raise InterchangeError(
            "transposed", f"transposed must be True, False or None, got {shown(transposed)}."
        )
    possible = list(orders(layers_in(tensors)))
    fitting = {
        way: [layers for layers in possible if _fits(widths_of(layers, tensors, way), expected)]
        for way in (True, False)
    }
    ways = [way for way, found in fitting.items() if found]
    if not ways:
        raise InterchangeError("weights", _misfit(possible, tensors, expected))
    way = transposed if len(ways) == 2 and transposed is not None else ways[0]
    if len(fitting[way]) > 1:
        raise InterchangeError("weights", _unknown_order(fitting[way]))
    layers = fitting[way][0]
    widths = widths_of(layers, tensors, way)
    entries = _entries(layers, tensors, types, widths)
    return WeightMapping(
        entries=tuple(_turned(entry, way, len(ways) == 2, transposed) for entry in entries),
        widths=widths,
        tensors=tensors,
        expected=expected,
    )


def _turned(entry: MappedTensor, way: bool, both: bool, transposed: bool | None) -> MappedTensor:
    """Return an entry with whether it is transposed: by its shape or else by the answer."""
    if len(entry.shape) < 2:
        return entry
    is_open = both or entry.shape[0] == entry.shape[1]
    return replace(entry, transposed=transposed if is_open else way)


def _fits(widths: tuple[int, ...] | None, expected: Expected) -> bool:
    return widths is not None and expected.takes(widths)


def _entries(
    layers: Sequence[FileLayer], tensors: Tensors, types: Mapping[str, str], widths: Sequence[int]
) -> Iterator[MappedTensor]:
    for number, (layer, units) in enumerate(zip(layers, widths[1:], strict=True), 1):
        weight, bias = layer.weight_key, layer.bias_key
        yield MappedTensor(f"W{number}", weight, tensors[weight].shape, types[weight])
        yield MappedTensor(f"b{number}", bias, (units,), types.get(bias, ""))


def _types_in(entries: Sequence[MappedTensor]) -> dict[str, str]:
    return {entry.key: entry.number_type for entry in entries}


def _done_with(entry: MappedTensor) -> str:
    if not entry.key:
        return "zeros"
    turned = ""
    if len(entry.shape) == 2:
        turned = {True: "transposed", False: "as it is", None: "transposed or not?"}[
            entry.transposed
        ]
    converted = "" if entry.number_type == "F32" else f"{entry.number_type} to F32"
    return ", ".join(filter(None, (turned, converted)))


def _question(entries: Sequence[MappedTensor]) -> str:
    keys = ", ".join(f"{shown(entry.key, 40)} {entry.shape}" for entry in entries[:6])
    more = f" and {len(entries) - 6} more" if len(entries) > 6 else ""
    return f"The shape of {keys}{more} fits transposed and as it is: say {HOW_TO_ANSWER}."


def _misfit(possible: Sequence[Sequence[FileLayer]], tensors: Tensors, expected: Expected) -> str:
    """Return why no order of the layers fits."""
    for way in (True, False):
        for layers in possible:
            if widths := widths_of(layers, tensors, way):
                return _other_widths(widths, expected)
    shapes = ", ".join(
        f"{shown(key, 40)} {tensors[key].shape}"
        for layer in possible[0][:6]
        for key in (layer.weight_key, layer.bias_key)
        if key
    )
    return (
        f"The layers in the file do not follow each other: {shapes}. A layer takes as many inputs "
        f"as the one before it has outputs, with a bias for each of its own; {expected} is "
        "expected, all of (out, in) or all of (in, out)."
    )


def _other_widths(widths: Sequence[int], expected: Expected) -> str:
    return (
        f"The network in the file has {'-'.join(map(str, widths))} units, inputs first; "
        f"{expected} is expected."
    )


def _unknown_order(found: Sequence[Sequence[FileLayer]]) -> str:
    keys = listed([layer.weight_key for layer in found[0]])
    return (
        f"{keys} fit in {len(found)} orders, and their names do not tell which is right: number "
        "them in the file, as in 0.weight, 1.weight."
    )


def as_mapping(given: Any, network: Network, transposed: bool | None) -> WeightMapping:
    """Return a mapping that is given, or that of a file, for an existing network."""
    if isinstance(given, WeightMapping):
        return given if transposed is None else given.answered(transposed)
    return read_mapping(given, Expected.of(network), transposed)
