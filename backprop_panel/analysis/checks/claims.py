"""What each quantity of a record must be, given the recorded quantities that it follows from.

Each claim is computed in float64 by the plain equations of `nn.reference` from the record's own
float32 numbers, so that an error in one quantity is not passed on to the next. Beside it stands
how far float32 may take the recorded numbers: a sum of n products tᵢ in any order is wrong by n u
Σ|tᵢ| at most, with u half the distance from 1 to the next number (Higham, *Accuracy and Stability
of Numerical Algorithms*, 2nd ed., section 3.1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...nn import reference
from ...nn.losses import NEGLIGIBLE
from ...nn.record import StepRecord
from ..recomputation import checked_setting, one_hot, silenced_units
from .float32_noise import ROUNDING

Array = NDArray[np.floating]

TINY = float(np.finfo(np.float32).tiny)
"""Below it results are rounded coarsely, or to zero."""

OVERFLOW = float(np.finfo(np.float32).max) / 2
"""Terms that are larger may overflow on the way to a result that does not."""

FUNCTION_BOUND = 16 * ROUNDING
"""Relative error of an activation function, which takes about ten operations."""

GATE = 1e-24
"""Absolute error of GELU's values, whose gate is shifted to reach 0; see `nn.activations.GELU`."""

FULL = 6
"""A pre-activation from which GELU's gate is 1 in float32."""

FAR = 1e4
"""A pre-activation at which every activation function has reached its limit."""


@dataclass(frozen=True, eq=False)
class Claim:
    """What a recorded array must be.

    Parameters
    ----------
    quantity, layer : str, int or None
        As of a `RecordCell`.
    found : array
        What the record holds.
    expected : array
        In float64.
    tolerance : array
        How far float32 may lie from it.
    sizes : array
        Largest magnitudes in the computation. Where one may overflow, any number passes. Where
        one is infinite, the number need only be finite or not as expected.
    """

    quantity: str
    layer: int | None
    found: Array
    expected: Array
    tolerance: Array
    sizes: Array

    def excess(self) -> Array:
        """Return how many tolerances each number is off: at most 1 if it follows."""
        found, expected = np.asarray(self.found, np.float64), self.expected
        with np.errstate(all="ignore"):
            excess = np.abs(found - expected) / (self.tolerance + TINY)
            over = (np.abs(expected) >= OVERFLOW) | (self.sizes >= OVERFLOW)
        alike = np.isfinite(found) == np.isfinite(expected)
        excess = np.where(np.isnan(excess), np.inf, excess)
        same = (found == expected) | (np.isnan(found) & np.isnan(expected))
        free = over & np.isfinite(self.sizes) | (alike & ~np.isfinite(self.sizes))
        return np.where(same | free, 0.0, excess)


def claims_of_pass(record: StepRecord) -> Iterator[Claim]:
    """Yield the claims about the forward pass, the loss and the backward pass, in this order."""
    yield from _of_inputs(record)
    names = [*record.activation_names, "identity"]
    for layer, name in enumerate(names):
        yield _of_pre_activations(record, layer)
        yield _of_activations(record, layer, name)
        yield _of_slopes(record, layer, name)
    yield from _of_losses(record)
    yield _of_last_delta(record)
    yield _of_logit_gradients(record)
    for layer in reversed(range(len(names))):
        yield from _of_gradients(record, layer)
        yield _of_activation_gradients(record, layer)
        if layer:
            yield _of_deltas(record, layer - 1)


def _of_inputs(record: StepRecord) -> Iterator[Claim]:
    batch, length = record.contexts.shape
    if length and record.inputs.shape[1] % length == 0:
        tokens = one_hot(record.contexts.reshape(-1), record.inputs.shape[1] // length)
        expected = tokens.reshape(batch, -1)
        yield exact("activations", 0, record.inputs, expected)


def _of_pre_activations(record: StepRecord, layer: int) -> Claim:
    a, found = wide(record.activations[layer]), record.pre_activations[layer]
    weights, bias = wide(record.weights[layer]), wide(record.biases[layer])
    sizes = np.abs(a) @ np.abs(weights) + np.abs(bias)
    return sums("pre_activations", layer, found, a @ weights + bias, sizes, len(weights) + 1)


def _of_activations(record: StepRecord, layer: int, name: str) -> Claim:
    z, found = wide(record.pre_activations[layer]), record.activations[layer + 1]
    if layer == len(record.pre_activations) - 1:
        return exact("activations", layer + 1, found, z)
    value, slope = reference.ACTIVATIONS[name]
    a, phi = _with_limits(value, z), _with_limits(slope, z)
    # z times the slope: the error caused by rounding the argument of an exponential.
    sizes = np.abs(a) + np.abs(z * phi)
    tolerance = FUNCTION_BOUND * np.where(np.isfinite(sizes), sizes, 0) + GATE
    expected = _silenced(record, layer + 1, a)
    return Claim("activations", layer + 1, found, expected, tolerance, np.abs(a))


def _of_slopes(record: StepRecord, layer: int, name: str) -> Claim:
    z, found = wide(record.pre_activations[layer]), record.activation_slopes[layer]
    slope = _with_limits(reference.ACTIVATIONS[name][1], z)
    expected = _silenced(record, layer + 1, slope)
    if name in ("relu", "identity"):
        return exact("activation_slopes", layer, found, expected)
    # Of a slope like 1 - a², the error is that of rounding 1.
    tolerance = FUNCTION_BOUND * (1 + np.abs(slope))
    if name == "gelu":  # the rounding of 1 - h, times 2 a u' while h is below 1
        a = np.abs(np.clip(z, -FULL, FULL))
        tolerance = tolerance + FUNCTION_BOUND / 2 * a * (1 + 0.134145 * a**2)
    return Claim("activation_slopes", layer, found, expected, tolerance, np.ones_like(slope))


def _of_losses(record: StepRecord) -> Iterator[Claim]:
    loss_type = _loss_type(record)
    logits = wide(record.logits)
    targets = one_hot(record.targets, logits.shape[1])
    expected = reference.EXAMPLE_LOSSES[loss_type](logits, targets)
    outputs = logits.shape[1]
    if loss_type == "mse":
        tolerance, sizes = (outputs + 4) * ROUNDING * expected, outputs * expected
    else:
        below = logits.max(axis=1) - logits[np.arange(len(logits)), record.targets]
        tolerance = ROUNDING * (outputs + 16 + 4 * np.abs(expected) + 2 * below)
        sizes = np.abs(logits).max(axis=1)
    yield Claim("loss", None, record.example_losses, expected, tolerance, sizes)
    examples = wide(record.example_losses)
    sizes, total = np.abs(examples).mean(), np.abs(examples).sum()  # which may overflow
    mean = sums("loss", None, record.loss, examples.mean(), sizes, len(examples) + 1)
    yield replace(mean, sizes=total)
    right = (record.logits.argmax(axis=1) == record.targets).mean()
    yield sums("accuracy", None, record.accuracy, right, np.ones(()), 4)


def _of_last_delta(record: StepRecord) -> Claim:
    loss_type, logits = _loss_type(record), wide(record.logits)
    targets = one_hot(record.targets, logits.shape[1])
    _, expected = reference.LOSSES[loss_type](logits, targets)
    batch, outputs = logits.shape
    if loss_type == "mse":
        tolerance = 4 * ROUNDING * np.abs(expected)
        sizes = np.abs(logits)
    else:
        p = reference.softmax(logits)
        below = logits.max(axis=1, keepdims=True) - logits
        p_noise = p * (outputs + 16 + 2 * below) * ROUNDING + NEGLIGIBLE
        tolerance = (p_noise + 4 * ROUNDING * targets) / batch
        sizes = np.abs(logits) * np.ones_like(expected)
    return Claim("deltas", len(record.deltas) - 1, record.deltas[-1], expected, tolerance, sizes)


def _of_logit_gradients(record: StepRecord) -> Claim:
    level = len(record.activation_gradients) - 1
    delta, found = wide(record.deltas[-1]), record.activation_gradients[level]
    return exact("activation_gradients", level, found, delta)


def _of_gradients(record: StepRecord, layer: int) -> Iterator[Claim]:
    a, delta = wide(record.activations[layer]), wide(record.deltas[layer])
    sizes, batch = np.abs(a).T @ np.abs(delta), len(delta)
    found = record.weight_gradients[layer]
    yield sums("weight_gradients", layer, found, a.T @ delta, sizes, batch)
    found, sizes = record.bias_gradients[layer], np.abs(delta).sum(axis=0)
    yield sums("bias_gradients", layer, found, delta.sum(axis=0), sizes, batch)


def _of_activation_gradients(record: StepRecord, layer: int) -> Claim:
    delta, weights = wide(record.deltas[layer]), wide(record.weights[layer])
    sizes, found = np.abs(delta) @ np.abs(weights.T), record.activation_gradients[layer]
    return sums("activation_gradients", layer, found, delta @ weights.T, sizes, delta.shape[1])


def _of_deltas(record: StepRecord, layer: int) -> Claim:
    slope = wide(record.activation_slopes[layer])
    product = wide(record.activation_gradients[layer + 1]) * slope
    expected = _silenced(record, layer + 1, product)
    return sums("deltas", layer, record.deltas[layer], expected, np.abs(expected), 2)


def sums(
    quantity: str, layer: int | None, found: Array, expected: Array, sizes: Array, count: int
) -> Claim:
    """Claim that numbers are sums of `count` terms whose magnitudes add up to `sizes`."""
    tolerance = ((count + 1) * ROUNDING) * np.where(np.isfinite(sizes), sizes, 0) + count * TINY
    return Claim(quantity, layer, np.asarray(found), np.asarray(expected), tolerance, sizes)


def exact(quantity: str, layer: int, found: Array, expected: Array) -> Claim:
    """Claim that numbers are equal."""
    return Claim(quantity, layer, found, expected, np.zeros(()), np.zeros(()))


def wide(array: Array) -> NDArray[np.float64]:
    """Return an array in float64."""
    return np.asarray(array, np.float64)


def _loss_type(record: StepRecord) -> str:
    return checked_setting(record, "loss_type", reference.LOSSES)


def _silenced(record: StepRecord, level: int, values: Array) -> Array:
    """Return values of a level with zeros at its silenced units."""
    if units := silenced_units(record, level):
        values = values.copy()
        values[:, units] = 0
    return values


def _with_limits(function: Callable[[Array], Array], z: Array) -> Array:
    """Return φ or φ′, at infinite z its limit instead of NaN."""
    values = function(z)
    far = np.isinf(z) & np.isnan(values)
    return np.where(far, function(np.clip(z, -FAR, FAR)), values) if far.any() else values
