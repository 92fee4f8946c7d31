"""What the update of a record must be, given its gradients, weights and moments.

Beside the update of `nn.reference` stands how far float32 may be from it: the relative errors of a
few operations, of √v and of a quotient, each no larger than the terms on the way to it allow.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...nn import reference
from ...nn.optimizers import OPTIMIZERS
from ...nn.record import StepRecord
from ...settings import SettingError
from ..recomputation import checked_setting
from .claims import TINY, Claim, wide
from .float32_noise import ROUNDING

Array = NDArray[np.floating]

STEPS = 8 * ROUNDING
"""Relative error of a sum of positive terms, or of a product, after at most eight operations."""

SMALLEST = float(np.finfo(np.float32).smallest_subnormal)
"""The distance between numbers below `TINY`."""

EPSILON = 1e-8
"""The ε of RMSProp and Adam."""


class Entries(NamedTuple):
    """A layer's numbers that its update follows from, (in + 1, out), and the settings of the step.

    `sizes` are the magnitudes of the gradient and the weight decay in it: ``|g| + λ|θ|``.
    """

    theta: Array
    gradients: Array
    sizes: Array
    moments: dict[str, Array]
    t: int
    rate: float
    decay: float


class Bound(NamedTuple):
    """How far an update may be off, and the largest magnitude on the way to it."""

    tolerance: Array
    sizes: Array


def claims_of_update(record: StepRecord) -> Iterator[Claim]:
    """Yield the claims about the updates, layer by layer, weights before biases.

    Raises
    ------
    SettingError
        If the record lacks the optimizer or what it remembered.
    """
    name = checked_setting(record, "optimizer", OPTIMIZERS)
    missing = [each for each in OPTIMIZERS[name].moment_names if each not in record.moments]
    if missing and record.updated:
        raise SettingError(
            "record",
            f"The update of step {record.step} cannot be audited: the record does not hold what "
            f"{OPTIMIZERS[name].label} remembered before it ({', '.join(missing)}).",
        )
    for layer in range(len(record.layers)):
        expected, bound = _update(record, name, layer)
        fixed = _frozen(record, layer)
        expected = np.where(fixed, 0, expected)
        tolerance, sizes = (np.where(fixed, 0, np.broadcast_to(a, fixed.shape)) for a in bound)
        found = record.layer_updates[layer]
        for quantity, part in (("weight_updates", np.s_[:-1]), ("bias_updates", np.s_[-1])):
            yield Claim(
                *(quantity, layer, found[part], expected[part], tolerance[part], sizes[part])
            )


def _update(record: StepRecord, name: str, layer: int) -> tuple[Array, Bound]:
    """Return the update of a layer, and how far float32 may be from it."""
    theta, gradients = wide(record.layers[layer]), wide(record.layer_gradients[layer])
    if not record.updated:
        return np.zeros_like(theta), Bound(np.zeros(()), np.zeros(()))
    rate, decay = (float(record.settings[each]) for each in ("learning_rate", "weight_decay"))
    moments = {each: wide(arrays[layer]) for each, arrays in record.moments.items()}
    steps = record.optimizer_steps
    with np.errstate(all="ignore"):
        expected, _ = reference.update(name, theta, gradients, moments, steps, rate, decay)
        # Numbers below `TINY` are further apart: such a rate or decay, and its product with θ.
        rate, decay = max(rate, SMALLEST / STEPS), max(decay, SMALLEST / STEPS) if decay else 0.0
        coupled = decay * (not OPTIMIZERS[name].decoupled)
        sizes = np.abs(gradients) + coupled * np.abs(theta) + SMALLEST / STEPS * (coupled > 0)
        entries = Entries(
            *(theta, gradients + coupled * theta, sizes, moments, steps + 1, rate, decay)
        )
        return expected, BOUNDS[name](entries)


def _frozen(record: StepRecord, layer: int) -> NDArray[np.bool_]:
    """Tell which entries of a layer are frozen."""
    fixed = np.full(record.layers[layer].shape, layer in record.frozen)
    for each, row, column in record.frozen_parts:
        if each == layer:
            fixed[slice(None) if row is None else row, column] = True
    return fixed


def _of_sgd(of: Entries) -> Bound:
    return Bound(of.rate * STEPS * of.sizes, of.sizes)


def _of_momentum(of: Entries) -> Bound:
    sizes = np.abs(of.moments["velocity"]) + of.sizes
    return Bound(of.rate * STEPS * sizes, sizes)


def _of_rmsprop(of: Entries) -> Bound:
    root, root_error, squares = _root(of, 0.99, 1.0)
    return _of_quotient(of, np.abs(of.gradients), STEPS * of.sizes, root, root_error, squares)


def _of_adam(of: Entries) -> Bound:
    correction = 1 / (1 - 0.9**of.t)
    mean = 0.9 * np.abs(of.moments["mean"]) + 0.1 * of.sizes
    m_hat = correction * np.abs(0.9 * of.moments["mean"] + 0.1 * of.gradients)
    root, root_error, squares = _root(of, 0.999, 1 / np.sqrt(1 - 0.999**of.t))
    sizes = np.maximum(squares, of.rate * correction)  # the factor of m
    return _of_quotient(of, m_hat, correction * STEPS * mean, root, root_error, sizes)


def _of_adamw(of: Entries) -> Bound:
    bound = _of_adam(of)
    # 1 − ηλ is rounded, as in torch.optim, and may overflow.
    share = of.rate * of.decay
    taken = ROUNDING * (1 + 4 * share) * np.abs(of.theta) * (of.decay > 0)
    return Bound(bound.tolerance + taken, np.maximum(bound.sizes, share))


def _root(of: Entries, smoothing: float, correction: float) -> tuple[Array, Array, Array]:
    """Return √v + ε after the step, how far it may be off, and g²."""
    mean_square, g = of.moments["mean_square"], of.gradients
    after = smoothing * mean_square + (1 - smoothing) * g**2
    g_error = STEPS * of.sizes
    error = STEPS * np.abs(after) + (1 - smoothing) * (2 * np.abs(g) * g_error + g_error**2)
    # √(v + e) − √v is at most e / √v, and at most √e.
    root = np.sqrt(after)
    root_error = np.minimum(np.sqrt(error), error / np.where(root > 0, root, 1) + 0 * root)
    root_error = np.where(root > 0, root_error, np.sqrt(error))
    divisor = correction * root + EPSILON
    return divisor, correction * root_error + STEPS * divisor, g**2 + mean_square


def _of_quotient(
    of: Entries, above: Array, above_error: Array, below: Array, below_error: Array, sizes: Array
) -> Bound:
    """Return the bound of η times a quotient of two numbers with errors."""
    least = np.maximum(below - below_error, EPSILON / 2)
    quotient = above / below
    error = (above_error + TINY + quotient * below_error) / least
    # η is multiplied before the division: the product may overflow, or be rounded to a subnormal.
    sizes = np.maximum(sizes, np.maximum(1, of.rate) * above)
    return Bound(of.rate * (error + STEPS * quotient) + SMALLEST / least, sizes)


BOUNDS = {
    "sgd": _of_sgd,
    "momentum": _of_momentum,
    "rmsprop": _of_rmsprop,
    "adam": _of_adam,
    "adamw": _of_adamw,
}
