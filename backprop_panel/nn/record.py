"""The record of one step: all of its intermediate values, immutable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from .losses import softmax
from .network import Network, Workspace, split_biases

Array = NDArray[np.floating]
ONE = np.ones((), np.float32)

FrozenPart = tuple[int, int | None, int]
"""Layer, row and column of a weight or bias; a row of None stands for all of the column."""


@dataclass(frozen=True, eq=False)
class StepRecord:
    """All values of one forward and backward pass, as read-only copies.

    With L layers, index k of `weights`, `biases`, `pre_activations`, `deltas` and the gradients
    counts layers, 0 to L - 1; index k of `activations` and `activation_gradients` counts levels,
    0 (the inputs) to L (the logits). Layer k leads from level k to level k + 1.

    Attributes
    ----------
    step, epoch : int
        Updates made, this one included, and passes completed before it.
    samples : array, shape (B,)
        The examples' numbers among the training samples.
    contexts : array, shape (B, context_length)
        Their token ids.
    inputs : array, shape (B, in)
    targets : array of int, shape (B,)
    logits : array, shape (B, out)
    loss, accuracy : float
        Means over the batch, before the update.
    example_losses : array, shape (B,)
        The loss of each example.
    pre_activations, deltas : tuple of array, shape (B, units)
        z and dLoss/dz of each layer.
    activation_slopes : tuple of array, shape (B, units)
        f'(z) of each layer; ones for the last, whose activation is the identity.
    activations, activation_gradients : tuple of array, shape (B, units)
        a and dLoss/da of each level.
    layers, layer_gradients, layer_updates : tuple of array, shape (in + 1, out)
        Weights with the bias as last row, before the update; the gradient of the mean loss with
        respect to them; the update.
    weights, weight_gradients, weight_updates : tuple of array, shape (in, out)
    biases, bias_gradients, bias_updates : tuple of array, shape (out,)
        Views on those.
    moments : dict of str to tuple of array, shape (in + 1, out)
        The optimizer's running averages before the update, layer by layer.
    optimizer_steps : int
        The optimizer's steps before this one.
    updated : bool
        Whether the weights moved; if not, the updates are zero.
    settings : mapping
        The training settings of this step.
    activation_names : tuple of str
        The activation function of each hidden layer.
    frozen : frozenset of int
        The frozen layers: their updates are zero.
    frozen_parts : frozenset of (int, int or None, int)
        Layer, row and column of each frozen weight or bias; a unit's weights and bias if the row is
        None.
    silenced : frozenset of (int, int)
        Level and number of each unit whose activation is zero whatever reaches it.
    set_by_hand : frozenset of (int, int, int)
        Layer, row and column of each entry of `layers` that was set since the step before.
    loaded : bool
        Whether all of `layers` was loaded since the step before.
    """

    step: int
    epoch: int
    samples: NDArray[np.integer]
    contexts: NDArray[np.integer]
    targets: NDArray[np.integer]
    loss: float
    accuracy: float
    example_losses: Array
    pre_activations: tuple[Array, ...]
    activation_slopes: tuple[Array, ...]
    activations: tuple[Array, ...]
    deltas: tuple[Array, ...]
    activation_gradients: tuple[Array, ...]
    layers: tuple[Array, ...]
    layer_gradients: tuple[Array, ...]
    layer_updates: tuple[Array, ...]
    moments: Mapping[str, tuple[Array, ...]]
    optimizer_steps: int
    updated: bool
    settings: Mapping[str, object]
    activation_names: tuple[str, ...]
    frozen: frozenset[int] = frozenset()
    frozen_parts: frozenset[FrozenPart] = frozenset()
    silenced: frozenset[tuple[int, int]] = frozenset()
    set_by_hand: frozenset[tuple[int, int, int]] = frozenset()
    loaded: bool = False

    def is_frozen(self, layer: int, row: int, column: int) -> bool:
        """Return whether an entry of `layers` is frozen, alone, with its unit or with its layer."""
        parts = ((layer, row, column), (layer, None, column))
        return layer in self.frozen or not self.frozen_parts.isdisjoint(parts)

    @property
    def inputs(self) -> Array:
        """The one-hot inputs, shape (B, in)."""
        return self.activations[0]

    @property
    def logits(self) -> Array:
        """The outputs before any softmax, shape (B, out)."""
        return self.activations[-1]

    @property
    def probabilities(self) -> Array:
        """The softmax of the logits, shape (B, out)."""
        return softmax(self.logits)

    @property
    def weights(self) -> tuple[Array, ...]:
        """Each layer's weights before the update, shape (in, out)."""
        return _weights(self.layers)

    @property
    def biases(self) -> tuple[Array, ...]:
        """Each layer's bias before the update, shape (out,)."""
        return _biases(self.layers)

    @property
    def weight_gradients(self) -> tuple[Array, ...]:
        """dLoss/dW of each layer, shape (in, out)."""
        return _weights(self.layer_gradients)

    @property
    def bias_gradients(self) -> tuple[Array, ...]:
        """dLoss/db of each layer, shape (out,)."""
        return _biases(self.layer_gradients)

    @property
    def weight_updates(self) -> tuple[Array, ...]:
        """The update of each layer's weights, shape (in, out)."""
        return _weights(self.layer_updates)

    @property
    def bias_updates(self) -> tuple[Array, ...]:
        """The update of each layer's bias, shape (out,)."""
        return _biases(self.layer_updates)

    @property
    def updates(self) -> tuple[Array, ...]:
        """The update of each weight matrix and bias in turn: W1, b1, W2, b2 and so on."""
        return tuple(chain.from_iterable(zip(self.weight_updates, self.bias_updates, strict=True)))


def pass_copy(network: Network, work: Workspace, gradients: Array) -> dict[str, tuple[Array, ...]]:
    """Return copies of the values of a pass that a record holds.

    Parameters
    ----------
    network : Network
    work : Workspace
        After a forward and backward pass, before the update.
    gradients : array, shape (size,)
        The gradients of that pass.
    """
    network.activation_gradient(work, layer=0)
    copies = work.copies()
    copies["activation_slopes"].append(np.broadcast_to(ONE, work.logits.shape))  # the identity's
    return {
        **{name: tuple(arrays) for name, arrays in copies.items()},
        "layers": layers_copy(network, network.parameters),
        "layer_gradients": layers_copy(network, gradients),
    }


def layers_copy(network: Network, vector: Array) -> tuple[Array, ...]:
    """Return a read-only copy of a flat vector, layer by layer."""
    return tuple(network.by_layer(read_only_copy(vector)))


def read_only_copy(array: NDArray) -> NDArray:
    """Return a read-only copy with the same memory layout, which is the fastest to copy."""
    copy = array.copy("K")
    copy.flags.writeable = False
    return copy


def _weights(layers: Sequence[Array]) -> tuple[Array, ...]:
    return tuple(split_biases(layers)[0])


def _biases(layers: Sequence[Array]) -> tuple[Array, ...]:
    return tuple(split_biases(layers)[1])
