"""How far the rounding of float32 can take the numbers of a pass from their exact values.

The exact pass is made in float64 (`ExactPass`). Beside it goes an estimate of each number's noise,
by the rules of error propagation. A sum of n terms tᵢ has a noise of √n u Σ|tᵢ| of its own, with u
half the distance from 1 to the next number (Higham and Mary, "A New Approach to Probabilistic
Rounding Error Analysis", 2019, SIAM J. Sci. Comput. 41(5)), and the noise of its terms adds up in
squares. It follows the exact numbers and no recorded ones, so that no wrong number hides in it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...nn.losses import NEGLIGIBLE
from ...nn.network import Network, Workspace
from ...nn.record import StepRecord
from ..recomputation import (
    loss_function,
    network_of,
    one_hot,
    propagate_back,
    value_and_slope,
)

Array = NDArray[np.floating]

ROUNDING = float(np.finfo(np.float32).eps) / 2
"""The largest relative error of one float32 operation."""

FUNCTION = 8 * ROUNDING
"""Relative error of an activation or a softmax, and absolute error of a slope such as 1 - a²."""

SMALLEST = 1e-24
"""Activations below it are rounding errors: see `nn.activations.GELU`."""

SPREAD = 4
"""How many times its noise a pre-activation is moved to see what becomes of φ and φ′."""


class ExactPass:
    """The exact pass of a record's batch through its weights, and its float32 noise.

    Parameters
    ----------
    record : StepRecord
        Only its inputs, targets, layers, silenced units and names are read.

    Attributes
    ----------
    network : Network
        The record's network, in float64.
    z, a, deltas : list of array, shape (B, units)
        As `pre_activations`, `activations` and `deltas` of a record.
    targets : array, shape (B, out)
        One-hot rows.
    gradients : list of array, shape (in + 1, out)
        The exact gradients of each layer, by the code that trains.
    losses : array, shape (B,)
        The exact loss of each example.
    noise : list of array, shape (in + 1, out)
        The standard error of each gradient that was computed in float32.
    loss_noise : array, shape (B,)
        That of the losses.
    """

    def __init__(self, record: StepRecord) -> None:
        loss = loss_function(record)
        self.network: Network = network_of(record)
        work = Workspace(self.network, len(record.targets))
        work.activations[0][...] = record.inputs
        for _ in self.network.forward(work):
            pass
        self.targets = one_hot(record.targets, work.logits.shape[1])
        depth = self.network.depth
        gradients = propagate_back(self.network, work, loss, self.targets, depth)
        self.z, self.a, self.deltas = work.pre_activations, work.activations, work.deltas
        self.gradients = self.network.by_layer(gradients)
        self.losses = loss.examples(work.logits, self.targets)
        z_noise, a_noise = self._forward_noise()
        self.loss_noise = self._noise_of_losses(z_noise[-1])
        last = self._noise_of_last_delta(z_noise[-1], loss.name)
        self.noise = self._backward_noise(work, z_noise, a_noise, last)

    def _forward_noise(self) -> tuple[list[Array], list[Array]]:
        """Return the noise of each layer's z and of each level's a below the logits."""
        z_noise, a_noise = [], [np.zeros_like(self.a[0])]
        for layer, (weights, bias) in enumerate(
            zip(self.network.weights, self.network.biases, strict=True)
        ):
            sizes = np.abs(self.a[layer]) @ np.abs(weights) + np.abs(bias)
            own = _of_sums(len(weights) + 1, sizes)
            z_noise.append(np.hypot(own, _in_squares(a_noise[layer], weights)))
            if layer < self.network.depth - 1:
                moved, _ = self._moved(layer, z_noise[layer])
                a_noise.append(self._heard(layer, moved + _of_function(self.a[layer + 1])))
        return z_noise, a_noise

    def _backward_noise(
        self, work: Workspace, z_noise: list[Array], a_noise: list[Array], noise: Array
    ) -> list[Array]:
        """Return the noise of each layer's gradients, given that of the last delta."""
        layers: list[Array] = []
        for layer in reversed(range(self.network.depth)):
            layers.insert(0, _of_products(self.a[layer], a_noise[layer], self.deltas[layer], noise))
            if layer == 0:
                return layers
            weights, delta = self.network.weights[layer], self.deltas[layer]
            own = _of_sums(delta.shape[1], np.abs(delta) @ np.abs(weights.T))
            noise = np.hypot(own, _in_squares(noise, weights.T))
            _, slope = value_and_slope(self.network.activation_names[layer - 1], self.z[layer - 1])
            _, moved = self._moved(layer - 1, z_noise[layer - 1])
            slope_noise = moved + FUNCTION * (1 + np.abs(slope))
            noise = np.hypot(
                noise * np.abs(slope), np.abs(work.activation_gradients[layer]) * slope_noise
            )
            noise = self._heard(layer - 1, noise)
        return layers

    def _moved(self, layer: int, z_noise: Array) -> tuple[Array, Array]:
        """Return how far φ and φ′ of a hidden level move with the noise of z."""
        name, z = self.network.activation_names[layer], self.z[layer]
        centre, low, high = (
            value_and_slope(name, each) for each in (z, z - SPREAD * z_noise, z + SPREAD * z_noise)
        )
        value, slope = (
            np.maximum(np.abs(low[part] - centre[part]), np.abs(high[part] - centre[part]))
            for part in (0, 1)
        )
        return value / SPREAD, slope

    def _heard(self, layer: int, noise: Array) -> Array:
        """Return the noise of a hidden level without that of its silenced units."""
        noise[:, self.network.silenced.get(layer + 1, [])] = 0
        return noise

    def _noise_of_losses(self, z_noise: Array) -> Array:
        """Return the noise of each example's loss, which has B δ as its gradient."""
        slopes = self.deltas[-1] * len(self.targets)
        own = FUNCTION * (np.abs(self.losses) + 1)
        return np.hypot(own, np.sqrt(np.square(slopes * z_noise).sum(axis=1)))

    def _noise_of_last_delta(self, z_noise: Array, loss_type: str) -> Array:
        """Return the noise of dL/dlogits."""
        share = 1 / len(self.targets)
        if loss_type == "mse":
            scale = 2 * share / self.targets.shape[1]
            return scale * (z_noise + FUNCTION * (np.abs(self.z[-1]) + self.targets))
        p = self.deltas[-1] / share + self.targets
        moved = p * (z_noise + (p * z_noise).sum(axis=1, keepdims=True))
        return share * (moved + FUNCTION * (p + self.targets) + NEGLIGIBLE)


def _of_function(a: Array) -> Array:
    """Return the noise of an activation function's values."""
    return FUNCTION * np.abs(a) + SMALLEST


def _of_sums(count: int, sizes: Array) -> Array:
    """Return the noise of sums of `count` terms whose magnitudes add up to `sizes`."""
    return np.sqrt(count) * ROUNDING * sizes


def _in_squares(noise: Array, factors: Array) -> Array:
    return np.sqrt(np.square(noise) @ np.square(factors))


def _of_products(a: Array, a_noise: Array, delta: Array, delta_noise: Array) -> Array:
    """Return the noise of ``[a 1]ᵀ δ``, shape (in + 1, out)."""
    a, a_noise = _with_column(a, 1), _with_column(a_noise, 0)
    own = _of_sums(len(a), np.abs(a).T @ np.abs(delta))
    squares: Sequence[Array] = (
        np.square(own),
        np.square(a).T @ np.square(delta_noise),
        np.square(a_noise).T @ np.square(delta),
    )
    return np.sqrt(sum(squares))


def _with_column(array: Array, value: float) -> Array:
    return np.column_stack([array, np.full(len(array), value)])
