"""Passes of a record made again with other numbers, by the code that trains, in float64.

float32 is too coarse here: a step changes the loss by about its rounding error.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from ..nn.activations import ACTIVATIONS, Activation
from ..nn.losses import LOSSES, Loss
from ..nn.network import Network, Workspace
from ..nn.record import StepRecord
from ..plain_values import is_whole, plain
from ..settings import SettingError, one_of, shown
from ..training.checkpoints import EngineState

Array = NDArray[np.floating]

IN_ONE_THREAD = 2**18
"""Multiplications up to which OpenBLAS computes a matrix product in the calling thread.

For more it starts others, which go on spinning for a while and take the processor from training.
"""


def network_of(record: StepRecord) -> Network:
    """Return a float64 network with a copy of the record's weights and biases."""
    return _network(record, 0)


def loss_function(record: StepRecord) -> Loss:
    """Return the loss function of a record."""
    return LOSSES[checked_setting(record, "loss_type", LOSSES)]


def checked_setting(record: StepRecord, setting: str, names: Iterable[str]) -> str:
    """Return a setting of a record that must be one of some names, or raise `SettingError`."""
    value = record.settings.get(setting)
    if not isinstance(value, str) or value not in names:
        raise SettingError(setting, f"In this record, {one_of(setting, value, names)}")
    return value


def rows_in_one_thread(layers: Sequence[Array]) -> int:
    """Return how many rows layers, each (in + 1, out), can process in one thread; at least 1."""
    return max(1, IN_ONE_THREAD // max(layer.size for layer in layers))


def one_hot(targets: NDArray[np.integer], outputs: int) -> Array:
    """Return a row with a one at the target for each of `targets`, shape (n, outputs)."""
    return np.equal(targets[:, np.newaxis], np.arange(outputs)).astype(np.float64)


def propagate_back(
    network: Network, work: Workspace, loss: Loss, targets: Array, layers: int
) -> Array:
    """Propagate the mean loss of a batch back through the last `layers` layers.

    Parameters
    ----------
    network : Network
    work : Workspace
        After a forward pass; afterwards it holds the deltas of those layers and of the one below.
    loss : Loss
    targets : array, shape (batch, outputs)
        One-hot rows.
    layers : int
        All layers for all gradients.

    Returns
    -------
    gradients : array, shape (size,)
        Those of the layers passed; zero for the others.
    """
    gradients = np.zeros(network.size, network.dtype)
    loss.derivative(work.logits, targets, work.deltas[-1], work.column)
    for _ in islice(network.backward(work, network.by_layer(gradients)), layers):
        pass
    return gradients


def value_and_slope(name: str, z: Array | float) -> tuple[Array, Array]:
    """Return φ(z) and φ′(z) of the activation `name`, each in the shape of `z`."""
    z = np.asarray(z, np.float64)
    a, first, second, scratch = (np.empty_like(z) for _ in range(4))
    activation = activation_named(name)
    with np.errstate(all="ignore"):
        activation.value(z, a, (first, second))
        activation.derivative(z, a, (first, second), second, scratch)
    return a, second


def activation_named(name: str) -> Activation:
    """Return a registered activation, or raise `SettingError`."""
    if name not in ACTIVATIONS:
        raise SettingError(
            "activation", f"In this record, {one_of('activation', name, ACTIVATIONS)}"
        )
    return ACTIVATIONS[name]


def checked_index(name: str, index: int, count: int) -> int:
    """Return an index from 0 to ``count - 1``, or raise `SettingError`."""
    index = plain(index)
    if not is_whole(index) or not 0 <= index < count:
        raise SettingError(
            name, f"{name} must be a whole number from 0 to {count - 1}, got {shown(index)}."
        )
    return index


class LayersBehind:
    """All that a record's network computes from the pre-activations of one layer on.

    Parameters
    ----------
    record : StepRecord
    layer : int
        The layer whose pre-activations are given to `logits`.
    """

    def __init__(self, record: StepRecord, layer: int) -> None:
        self._network: Network | None = None
        self._silenced = silenced_units(record, layer + 1)
        if layer < len(record.layers) - 1:
            self._activation = activation_named(record.activation_names[layer])
            self._network = _network(record, layer + 1)

    def logits(self, z: Array) -> Array:
        """Return the logits, (rows, outputs), for pre-activations of shape (rows, units)."""
        if self._network is None:
            return z
        work = Workspace(self._network, len(z))
        self._activation.value(z, work.activations[0], (np.empty_like(z), np.empty_like(z)))
        work.activations[0][:, self._silenced] = 0
        for _ in self._network.forward(work):
            pass
        return work.logits


class UnitVaried:
    """All that a record's network computes as the pre-activations of one unit vary.

    The next layer then changes by the product with one row of its weights: in a wide network that
    takes a hundredth of the time of the product with all of them.

    Parameters
    ----------
    record : StepRecord
    layer, unit : int
        The layer and its unit. All else that goes into its activation function stays.
    """

    def __init__(self, record: StepRecord, layer: int, unit: int) -> None:
        self._unit = unit
        self._z = record.pre_activations[layer].astype(np.float64)
        self._is_last = layer == len(record.layers) - 1
        if not self._is_last:
            self._name = record.activation_names[layer]
            weights, bias = (
                part[layer + 1].astype(float) for part in (record.weights, record.biases)
            )
            silenced = silenced_units(record, layer + 1)
            self._a, _ = value_and_slope(self._name, self._z)
            self._a[:, silenced] = 0
            self._is_silenced = unit in silenced
            with np.errstate(all="ignore"):
                self._above, self._row = self._a @ weights + bias, weights[unit]
            self._behind = LayersBehind(record, layer + 1)

    def logits(self, varied: Array) -> Array:
        """Return the logits, (cases, batch, outputs), for (cases, batch) of the unit's z."""
        if self._is_last:
            logits = np.repeat(self._z[np.newaxis], len(varied), axis=0)
            logits[:, :, self._unit] = varied
            return logits
        activations, _ = value_and_slope(self._name, varied)
        if self._is_silenced:
            activations[...] = 0
        changes = activations - self._a[:, self._unit]
        z = self._above + changes[:, :, np.newaxis] * self._row
        return self._behind.logits(z.reshape(-1, z.shape[-1])).reshape(*varied.shape, -1)


def silenced_units(of: StepRecord | EngineState, level: int) -> list[int]:
    """Return the silenced units of a level, in no order."""
    return [unit for each, unit in of.silenced if each == level]


def flat(layers: Sequence[Array]) -> Array:
    """Return arrays of layers as one vector, like a network's ``parameters``, shape (size,)."""
    return np.concatenate([layer.ravel() for layer in layers])


def _network(record: StepRecord, first: int) -> Network:
    """Return a network with a copy of the record's layers from `first` on."""
    layers = record.layers[first:]
    widths = [*(len(layer) - 1 for layer in layers), layers[-1].shape[1]]
    names = record.activation_names[first:]
    for name in names:
        activation_named(name)
    network = Network(widths, names, np.float64)
    network.silence((level - first, unit) for level, unit in record.silenced if level > first)
    for own, recorded in zip(network.layers, layers, strict=True):
        own[...] = recorded
    return network
