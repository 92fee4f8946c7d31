"""The layers of a file of weights: which tensors belong together, and in which orders they can be.

A weight and a bias of one layer share all of their name but the part "weight" or "bias". Layers of
one kind of name come in the order of their numbers; the kinds, in any order that the shapes allow.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise, permutations

from numpy.typing import NDArray

from ..settings import shown
from .file_input import InterchangeError
from .pytorch_weights import Tensors, listed

ROLE = re.compile(r"(.*)(?<![A-Za-z])(?:weight|bias|kernel|W|w|b)(?![A-Za-z])")
"""The part of a key that says what a tensor is to its layer."""

NUMBER = re.compile("[0-9]+")

MOST_KINDS = 7
"""Kinds of names whose orders are all tried: 5,040 of them."""


@dataclass(frozen=True)
class FileLayer:
    """The tensors of one layer in a file.

    Attributes
    ----------
    kind : str
        Its name, with # in place of each number.
    numbers : tuple of (int, str)
        The numbers in its name with their lengths, which are compared first: they may be very long.
    weight_key : str
    bias_key : str
        Empty if it has no bias.
    """

    kind: str
    numbers: tuple[tuple[int, str], ...]
    weight_key: str
    bias_key: str

    @classmethod
    def named(cls, name: str, weight_key: str, bias_key: str) -> FileLayer:
        """Return the layer of a name."""
        numbers = (digits.lstrip("0") for digits in NUMBER.findall(name))
        kind, lengths = NUMBER.sub("#", name), tuple((len(digits), digits) for digits in numbers)
        return cls(kind, lengths, weight_key, bias_key)


def layers_in(tensors: Tensors) -> list[FileLayer]:
    """Return the layers of a file, by kind and in the order of their numbers."""
    found: dict[str, dict[int, str]] = defaultdict(dict)
    for key, values in tensors.items():
        name = ROLE.sub(r"\1", key, count=1)
        if values.ndim not in (1, 2) or values.ndim in found[name]:
            raise InterchangeError("weights", _no_layer(key, values))
        found[name][values.ndim] = key
    for of_layer in found.values():
        if 2 not in of_layer:
            raise InterchangeError("weights", _no_layer(of_layer[1], tensors[of_layer[1]]))
    if not found:
        raise InterchangeError("weights", "The file holds no tensors.")
    layers = (FileLayer.named(name, each[2], each.get(1, "")) for name, each in found.items())
    return sorted(layers, key=lambda layer: (layer.kind, layer.numbers, layer.weight_key))


def orders(layers: Sequence[FileLayer]) -> Iterator[list[FileLayer]]:
    """Yield the layers in each order of their kinds; those of a kind, in that of their numbers."""
    kinds = {kind: list(each) for kind, each in groupby(layers, lambda layer: layer.kind)}
    if len(kinds) > MOST_KINDS:
        raise InterchangeError(
            "weights",
            f"The names of the layers ({listed(kinds)}) do not tell their order: number them, as "
            "in 0.weight, 1.weight.",
        )
    for order in permutations(kinds.values()):
        yield [layer for of_kind in order for layer in of_kind]


def widths_of(
    layers: Sequence[FileLayer], tensors: Tensors, transposed: bool
) -> tuple[int, ...] | None:
    """Return the units of each level, if each layer takes what the one before it gives."""
    ends = [_ends(layer, tensors, transposed) for layer in layers]
    if any(given != taken for (_, given), (taken, _) in pairwise(ends)):
        return None
    for layer, (_, outputs) in zip(layers, ends, strict=True):
        if layer.bias_key and len(tensors[layer.bias_key]) != outputs:
            return None
    return (ends[0][0], *(outputs for _, outputs in ends))


def _ends(layer: FileLayer, tensors: Tensors, transposed: bool) -> tuple[int, int]:
    """Return the numbers of a layer's inputs and outputs."""
    first, second = tensors[layer.weight_key].shape
    return (second, first) if transposed else (first, second)


def _no_layer(key: str, values: NDArray) -> str:
    return (
        f"{shown(key)} of the shape {values.shape} belongs to no fully connected layer: each has "
        "a weight of two dimensions and at most one bias. Nothing else can be loaded."
    )
