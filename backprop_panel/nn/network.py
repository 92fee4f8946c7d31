"""A fully connected network: its parameters, its forward and its backward pass.

With L layers, layer k turns its input ``a[k]`` into ``z[k] = a[k] @ W[k] + b[k]`` and
``a[k + 1] = f[k](z[k])``; ``a[0]`` is the input, and the last f is the identity, so that
``a[L] = z[L - 1]`` are the logits. Backwards, with ``δ[k] = dL/dz[k]``::

    dL/dW[k] = a[k]ᵀ @ δ[k]          dL/db[k] = Σ over the batch of δ[k]
    dL/da[k] = δ[k] @ W[k]ᵀ          δ[k - 1] = dL/da[k] ⊙ f'[k - 1](z[k - 1])

The bias is the last row of its layer's matrix and meets a column of ones beside the activations,
``z = [a 1] @ [W; b]``: one product gives both sums, and its transpose both gradients.

Arrays of shape (batch, units) are stored transposed, one example a column, so that the activations
without their column of ones are contiguous, which is fastest in NumPy. Products are written in C
order, so each is computed transposed: ``zᵀ = [W; b]ᵀ @ [a 1]ᵀ``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .activations import ACTIVATIONS, Kept
from .initializers import Initialization

Array = NDArray[np.floating]

NOT_FINITE = "(overflow|invalid value|divide by zero) encountered"
"""How NumPy's warnings of a network that diverges begin."""


@dataclass(frozen=True)
class Phase:
    """A phase of a step, ``forward``, ``loss``, ``backward`` or ``update``, and its layer."""

    name: str
    layer: int | None = None


class Network:
    """Weights and biases of fully connected layers, in one flat vector.

    Parameters
    ----------
    widths : sequence of int
        Units of each level, input and output included: L + 1 numbers for L layers.
    activations : sequence of str
        The name of each hidden level's activation: L - 1 names.
    dtype : numpy float type
        float32 to train, float64 to check.

    Attributes
    ----------
    parameters : array, shape (size,)
        All weights and biases, layer by layer.
    layers : list of array, shape (in + 1, out)
        Views on `parameters`: a layer's weights with its bias as the last row.
    weights : list of array, shape (in, out)
    biases : list of array, shape (out,)
        Views on `layers`.
    silenced : dict of int to list of int
        The units of each hidden level whose activation is zero whatever reaches them.
    """

    def __init__(
        self,
        widths: Sequence[int],
        activations: Sequence[str],
        dtype: type[np.floating] = np.float32,
    ) -> None:
        self.widths = tuple(widths)
        self.activation_names = tuple(activations)
        self.activations = [ACTIVATIONS[name] for name in activations]
        self.dtype = dtype
        self.size = parameter_count(self.widths)
        self.parameters: Array = np.zeros(self.size, dtype)
        self.layers = self.by_layer(self.parameters)
        self.weights, self.biases = split_biases(self.layers)
        self.silenced: dict[int, list[int]] = {}
        self._layers_t = [layer.T for layer in self.layers]
        self._forward_phases = [Phase("forward", layer) for layer in range(self.depth)]
        self._backward_phases = [Phase("backward", layer) for layer in range(self.depth)]

    @property
    def depth(self) -> int:
        """The number of layers, that is of weight matrices."""
        return len(self.widths) - 1

    def initialize(self, scheme: Initialization, random: np.random.Generator) -> None:
        """Draw all weights by `scheme` from `random`; biases start at zero."""
        for layer, weights, bias in zip(self.layers, self.weights, self.biases, strict=True):
            weights[...] = scheme(len(layer) - 1, len(bias), random)
            bias[...] = 0

    def silence(self, units: Iterable[tuple[int, int]]) -> None:
        """Silence these units, each a level and its number in it, and no others."""
        self.silenced = {}
        for level, unit in sorted(units):
            self.silenced.setdefault(level, []).append(unit)

    def by_layer(self, vector: Array) -> list[Array]:
        """Return views on a flat vector like `parameters`, each (in + 1, out), bias last."""
        views, start = [], 0
        for inputs, outputs in pairwise(self.widths):
            stop = start + (inputs + 1) * outputs
            views.append(vector[start:stop].reshape(inputs + 1, outputs))
            start = stop
        return views

    def forward(self, work: Workspace) -> Iterator[Phase]:
        """Compute the logits from the inputs in `work`, yielding after each layer."""
        last = self.depth - 1
        for layer, phase in enumerate(self._forward_phases):
            np.dot(self._layers_t[layer], work.with_ones_t[layer], work.pre_activations_t[layer])
            if layer < last:
                value = self.activations[layer].value
                for z, a, kept, _, _, _ in work.pieces[layer]:
                    value(z, a, kept)
                if layer + 1 in self.silenced:
                    work.activations_t[layer + 1][self.silenced[layer + 1]] = 0
            yield phase

    def backward(self, work: Workspace, gradients: Sequence[Array]) -> Iterator[Phase]:
        """Propagate the last delta in `work` back, yielding after each layer.

        Parameters
        ----------
        work : Workspace
            After a forward pass, with dLoss/dlogits in ``work.deltas[-1]``.
        gradients : sequence of array, shape (in + 1, out)
            The output: each layer's gradients, views as `by_layer` returns them.
        """
        for layer in reversed(range(self.depth)):
            np.dot(work.with_ones_t[layer], work.deltas[layer], gradients[layer])
            if layer > 0:
                self._delta_below(work, layer)
            yield self._backward_phases[layer]

    def _delta_below(self, work: Workspace, layer: int) -> None:
        self.activation_gradient(work, layer)
        derivative = self.activations[layer - 1].derivative
        for z, a, kept, activation_gradient, delta, scratch in work.pieces[layer - 1]:
            _, slope = kept
            derivative(z, a, kept, slope, scratch)
            np.multiply(slope, activation_gradient, delta)
        if layer in self.silenced:
            for array in (work.slopes_t[layer - 1], work.deltas_t[layer - 1]):
                array[self.silenced[layer]] = 0

    def activation_slopes(self, work: Workspace) -> None:
        """Write f'(z) of each hidden level, after a forward pass; no step needs them alone."""
        for layer, pieces in enumerate(work.pieces):
            for z, a, kept, _, _, scratch in pieces:
                self.activations[layer].derivative(z, a, kept, kept[1], scratch)
            if layer + 1 in self.silenced:
                work.slopes_t[layer][self.silenced[layer + 1]] = 0

    def activation_gradient(self, work: Workspace, layer: int) -> None:
        """Write dLoss/d activations[`layer`] = δ @ Wᵀ; no step needs that of the input."""
        np.dot(self.weights[layer], work.deltas_t[layer], work.activation_gradients_t[layer])


PIECE = 2**16
"""Elements of an array that are processed together: a few such pieces fit a core's cache."""


Piece = tuple[Array, Array, Kept, Array, Array, Array]
"""Some units of a hidden level: z, a, kept, dLoss/da, δ, scratch; each array (units, batch).

Pieces of a level share their scratch.
"""


class Workspace:
    """The buffers of one forward and backward pass for one batch size.

    Each has two views: one of shape (batch, units), and its transpose, named ``…_t``, which is
    C-contiguous. All values of a record are in one block of memory, so that one copy takes them.

    Attributes
    ----------
    with_ones_t : list of array, shape (units + 1, batch)
        Each layer's input, below it a row of ones.
    activations : list of array, shape (batch, units)
        The first holds the inputs, the last the logits.
    pre_activations, deltas : list of array, shape (batch, units)
    activation_gradients : list of array, shape (batch, units)
        One for each of `activations`; the last is the last delta.
    logits : array, shape (batch, outputs)
        The last pre-activation, and the last activation.
    pieces : list of list of Piece
        Each hidden level in the parts in which elementwise functions process it.
    slopes : list of array, shape (batch, units)
        f'(z) of each hidden level, after the backward pass.
    column : array, shape (batch, 1)
        A temporary buffer.
    """

    def __init__(self, network: Network, batch: int) -> None:
        *inputs_and_hidden, outputs = network.widths
        *hidden, _ = above = network.widths[1:]
        with_ones = [units + 1 for units in inputs_and_hidden]
        rows = [*with_ones, *above, *above, *inputs_and_hidden, *hidden]
        self._memory = np.empty(sum(map(_padded, (units * batch for units in rows))), network.dtype)
        self._taken = 0
        self.with_ones_t = [self._take(units, batch) for units in with_ones]
        self.pre_activations_t = [self._take(units, batch) for units in above]
        self.deltas_t = [self._take(units, batch) for units in above]
        self.activation_gradients_t = [self._take(units, batch) for units in inputs_and_hidden]
        self.slopes_t = [self._take(units, batch) for units in hidden]
        self.activations_t = [block[:-1] for block in self.with_ones_t]
        self.activations_t.append(self.pre_activations_t[-1])
        self.activation_gradients_t.append(self.deltas_t[-1])
        for block in self.with_ones_t:
            block[-1] = 1
        self.pieces = [list(self._pieces(level)) for level in range(len(hidden))]
        self.column = np.empty((batch, 1), network.dtype)
        self.pre_activations = transposed(self.pre_activations_t)
        self.activations = transposed(self.activations_t)
        self.deltas = transposed(self.deltas_t)
        self.activation_gradients = transposed(self.activation_gradients_t)
        self.slopes = transposed(self.slopes_t)
        self.logits = self.activations[-1]
        self._offsets = {
            "pre_activations": self._offsets_of(self.pre_activations_t),
            "activation_slopes": self._offsets_of(self.slopes_t),
            "activations": self._offsets_of(self.activations_t),
            "deltas": self._offsets_of(self.deltas_t),
            "activation_gradients": self._offsets_of(self.activation_gradients_t),
        }

    def copies(self) -> dict[str, list[Array]]:
        """Return read-only copies of a record's values, (batch, units), by their names in it."""
        memory, batch = self._memory.copy(), len(self.column)
        memory.flags.writeable = False
        return {
            name: [memory[start:stop].reshape(-1, batch).T for start, stop in offsets]
            for name, offsets in self._offsets.items()
        }

    def _offsets_of(self, blocks: Sequence[Array]) -> list[tuple[int, int]]:
        """Return the offsets in the memory at which each array begins and ends."""
        first = self._memory.ctypes.data
        starts = [(block.ctypes.data - first) // block.itemsize for block in blocks]
        return [(start, start + block.size) for start, block in zip(starts, blocks, strict=True)]

    def _take(self, units: int, batch: int) -> Array:
        """Return the next free part of the memory as an array (units, batch)."""
        start = self._taken
        self._taken += _padded(units * batch)
        return self._memory[start : start + units * batch].reshape(units, batch)

    def _pieces(self, level: int) -> Iterator[Piece]:
        """Yield a hidden level in pieces of about `PIECE` numbers."""
        z = self.pre_activations_t[level]
        units, batch = z.shape
        length = max(PIECE // max(batch, 1), 1)
        first, second = np.empty_like(z), self.slopes_t[level]
        scratch = np.empty((min(length, units), batch), z.dtype)
        for start in range(0, units, length):
            part = slice(start, min(start + length, units))
            yield (
                z[part],
                self.activations_t[level + 1][part],
                (first[part], second[part]),
                self.activation_gradients_t[level + 1][part],
                self.deltas_t[level][part],
                scratch[: part.stop - start],
            )


def _padded(count: int) -> int:
    """Round up to whole cache lines, at which arrays begin."""
    return -(-count // 16) * 16


def transposed(arrays: Sequence[Array]) -> list[Array]:
    """Return a transposed view on each."""
    return [array.T for array in arrays]


def split_biases(layers: Sequence[Array]) -> tuple[list[Array], list[Array]]:
    """Return views on the weights, each (in, out), and on the biases, each (out,)."""
    return [layer[:-1] for layer in layers], [layer[-1] for layer in layers]


def parameter_count(widths: Sequence[int]) -> int:
    """Return the number of weights and biases of a network with these units in its levels."""
    return sum((inputs + 1) * outputs for inputs, outputs in pairwise(widths))


def memory_needed(widths: Sequence[int], batch: int) -> int:
    """Return the bytes that training a float32 network with Adam takes at a batch size.

    Parameters, gradients, update, scratch and two moments make six vectors of the parameters'
    size; a workspace holds at most seven arrays of (batch, units) for every level.
    """
    return 4 * (6 * parameter_count(widths) + 7 * batch * sum(units + 1 for units in widths))
