"""Health of the layers of a network: measures, and findings in plain words."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from ..nn.record import StepRecord

Array = NDArray[np.floating]

USUAL_UPDATE_RATIO = 1e-3
"""Usual size of an update relative to the weights where training goes well."""

FLAT = 0.01
"""Largest slope of a blocked unit: it passes on less than a hundredth of the gradient."""

VANISHED = 1e-3
"""A layer hardly learns if its gradient is at most this share of the last layer's."""

EXPLODED = 1e3
"""A layer explodes if its gradient is at least this many times the last layer's."""

WILD_UPDATE_RATIO = 0.1
"""Update relative to the weights from which on the learning rate is too high."""

MOST_SAMPLES = 2048
"""Number of steps in a log; when it is full, every second one is dropped."""

QUANTILES = (0.05, 0.5, 0.95)
"""Quantiles of a layer's activations and gradients."""

BINS = 40

ENOUGH_VALUES = 4096
"""Number of values of a layer that enter its quantiles and histograms."""


@dataclass(frozen=True)
class LayerHealth:
    """The health of one layer in one step; its weights and bias are taken together.

    Attributes
    ----------
    gradient_norm, weight_norm : float
        Euclidean norms of the gradient and of the weights.
    update_ratio : float
        Norm of the update divided by that of the weights.
    blocked_share : float
        Share of dead or saturated units: hardly any gradient passes through them for any
        example. 0 for a layer without activation.
    """

    gradient_norm: float
    weight_norm: float
    update_ratio: float
    blocked_share: float


MEASURES = tuple(field.name for field in fields(LayerHealth))


@dataclass(frozen=True)
class Finding:
    """A fault of a layer, in one sentence."""

    layer: int
    sentence: str


def health(record: StepRecord) -> list[LayerHealth]:
    """Return the health of each layer."""
    blocked = map(blocked_share, record.activation_slopes)
    layers = zip(record.layer_gradients, record.layers, record.layer_updates, blocked, strict=True)
    return [
        LayerHealth(_norm(gradient), _norm(weights), _ratio(_norm(update), _norm(weights)), share)
        for gradient, weights, update, share in layers
    ]


def blocked_share(slopes: Array) -> float:
    """Return the share of units (columns of `slopes`) that are flat for all examples."""
    return float((np.abs(slopes) < FLAT).all(axis=0).mean())


def findings(
    layers: Sequence[LayerHealth], frozen: Collection[int] = frozenset()
) -> Iterator[Finding]:
    """Yield the worst fault of each layer that has one.

    Parameters
    ----------
    layers : sequence of LayerHealth
    frozen : collection of int
        Layers that are frozen, and so do not learn by intention.
    """
    last = layers[-1].gradient_norm
    for number, layer in enumerate(layers):
        sentence = _fault(number + 1, layer, last, number in frozen)
        if sentence:
            yield Finding(number, sentence)


def _fault(number: int, layer: LayerHealth, last_gradient: float, frozen: bool) -> str | None:
    share = _ratio(layer.gradient_norm, last_gradient)
    if not all(map(isfinite, astuple(layer))):
        return f"Layer {number} has values that are not finite: training has blown up."
    if layer.blocked_share >= 0.5:
        return (
            f"Layer {number} is dying: {layer.blocked_share:.0%} of its units pass no gradient on, "
            "whatever the example."
        )
    if last_gradient and share >= EXPLODED:
        return f"Layer {number} explodes: its gradient is {share:.0f} times the last layer's."
    if frozen:
        return f"Layer {number} is frozen: it does not learn."
    if last_gradient and share <= VANISHED:
        return f"Layer {number} hardly learns: its gradient is {share:.1g} of the last layer's."
    if layer.update_ratio >= WILD_UPDATE_RATIO:
        return (
            f"Layer {number} changes by {layer.update_ratio:.0%} in one step: "
            "the learning rate is too high for it."
        )
    return None


@dataclass(frozen=True)
class Histogram:
    """The distribution of some values.

    Attributes
    ----------
    middles : array, shape (BINS,)
        Middles of the bins.
    shares : array, shape (BINS,)
        Share of the values in each bin.
    """

    middles: Array
    shares: Array


def histogram(values: Array) -> Histogram:
    """Return the histogram of the finite values."""
    values = _sample(values)
    finite = values[np.isfinite(values)]
    counts, edges = np.histogram(finite, BINS)
    return Histogram((edges[1:] + edges[:-1]) / 2, counts / max(finite.size, 1))


class HealthLog:
    """The health of a run's layers at the recorded steps.

    Attributes
    ----------
    steps : list of int
    """

    def __init__(self) -> None:
        self.steps: list[int] = []
        self._measures: list[Array] = []
        self._quantiles: list[Array] = []

    def add(self, record: StepRecord) -> list[LayerHealth]:
        """Add the health of a step, in the order of steps, and return it."""
        layers = health(record)
        place = bisect_left(self.steps, record.step)
        if record.updated and record.step not in self.steps[place : place + 1]:
            self.steps.insert(place, record.step)
            measures = np.array([astuple(layer) for layer in layers], np.float32)
            self._measures.insert(place, measures)
            self._quantiles.insert(place, _quantiles(record))
            if len(self.steps) > MOST_SAMPLES:
                self.steps = self.steps[::2]
                self._measures = self._measures[::2]
                self._quantiles = self._quantiles[::2]
        return layers

    def measure(self, name: str) -> Array:
        """Return a measure of `LayerHealth`, shape (steps, layers)."""
        return np.array(self._measures)[..., MEASURES.index(name)]

    def quantiles(self, of: str, layer: int) -> Array:
        """Return the quantiles of ``activations`` or ``gradients`` of a layer, (steps, 3)."""
        return np.array(self._quantiles)[:, ("activations", "gradients").index(of), layer]


def _quantiles(record: StepRecord) -> Array:
    """Return the quantiles of each layer's activations and weight gradients, (2, layers, 3)."""
    kinds = (record.activations[1:], record.layer_gradients)
    return np.array(
        [[np.quantile(_sample(values), QUANTILES) for values in kind] for kind in kinds], np.float32
    )


def _sample(values: Array) -> Array:
    """Return at most about `ENOUGH_VALUES` values, evenly spread."""
    flat = values.ravel()
    return flat[:: max(1, flat.size // ENOUGH_VALUES)]


def _norm(values: Array) -> float:
    return float(np.linalg.norm(values))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
