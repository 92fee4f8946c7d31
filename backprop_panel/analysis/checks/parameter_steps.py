"""Difference quotients of the loss along single parameters, many at once, in float64.

A parameter w of a layer changes the pre-activation of one unit, by h a in each example, with a the
activation that it multiplies (1 for a bias). The layer above changes by the product with one row
of its weights, and only the layers above that are computed anew.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ...nn.losses import LOSSES
from ...nn.record import StepRecord
from ..recomputation import activation_named, rows_in_one_thread
from .float32_noise import ROUNDING, ExactPass

Array = NDArray[np.floating]
Whole = NDArray[np.integer]

CORNERED = ("relu",)
"""Activations whose slope jumps, at z = 0."""

EPSILON = float(np.finfo(np.float64).eps)

STEP = EPSILON ** (1 / 3)
"""Step of a central difference in units of the scale on which the function bends.

The quotient is wrong by about ε/h for rounding and h²/6 for the terms left out; their sum is least
near h = ε^⅓ (Press et al., *Numerical Recipes*, 3rd ed., section 5.7).
"""


class ParameterSteps:
    """The difference quotients ``(L(w + h) − L(w − h)) / 2h`` of a record's batch.

    Parameters
    ----------
    exact : ExactPass
        The pass in float64.
    record : StepRecord
        The loss that its settings declare is the one that is differenced.
    """

    def __init__(self, exact: ExactPass, record: StepRecord) -> None:
        self._exact, self._network = exact, exact.network
        self._loss = LOSSES[record.settings["loss_type"]]
        self._bends = self._sensitivities()
        self._noise = np.linalg.norm(exact.loss_noise) / len(exact.losses) * EPSILON / ROUNDING

    def steps(self, layer: int) -> Array:
        """Return the step h of each parameter of a layer, shape (in + 1, out).

        ``h = ε^⅓ / (m s)``: m is the largest activation that the parameter multiplies in the
        batch, and s is 1 or, if it is more, how many times as far as the unit some unit behind it
        moves. Then no pre-activation moves farther than ε^⅓, and activations bend on a scale of 1.
        """
        largest = np.abs(self._with_ones(layer)).max(axis=0)
        largest[largest == 0] = 1  # the parameter has no effect
        return STEP / (largest[:, np.newaxis] * self._bends[layer])

    def noise(self, steps: Array) -> Array:
        """Return the float64 rounding of quotients with these steps."""
        return self._noise / steps

    def cost(self, layer: int) -> int:
        """Return about how many multiplications the quotient of one parameter takes."""
        behind = sum(each.size for each in self._network.layers[layer + 2 :])
        return 2 * len(self._exact.losses) * (behind + 8 * sum(self._network.widths[layer + 1 :]))

    def quotients(
        self, layer: int, rows: Whole, columns: Whole, steps: Array
    ) -> Iterator[tuple[slice, Array, NDArray[np.bool_]]]:
        """Yield the quotients of parameters of a layer, some at a time.

        Yields
        ------
        part : slice
            Which of the parameters.
        quotients : array
        kinks : array of bool
            Whether the step carries a pre-activation of any example across a corner.
        """
        batch = len(self._exact.losses)
        length = max(1, rows_in_one_thread(self._network.layers) // (2 * batch))
        for start in range(0, len(rows), length):
            part = slice(start, start + length)
            yield part, *self._some_quotients(layer, rows[part], columns[part], steps[part])

    def _some_quotients(
        self, layer: int, rows: Whole, columns: Whole, steps: Array
    ) -> tuple[Array, NDArray[np.bool_]]:
        count = len(rows)
        unit = self._exact.z[layer][:, columns].T
        change = steps[:, np.newaxis] * self._with_ones(layer)[:, rows].T
        varied = np.concatenate([unit + change, unit - change])
        logits, kinks = self._logits(layer, np.tile(columns, 2), varied)
        losses = self._loss.examples(logits, self._exact.targets)
        # Summed per example, so that those that do not change cancel without rounding.
        rises = (losses[:count] - losses[count:]).mean(axis=-1)
        return rises / (2 * steps), kinks

    def _logits(self, layer: int, units: Whole, varied: Array) -> tuple[Array, NDArray[np.bool_]]:
        """Return the logits, (cases, B, out), for z of one unit a case; and who met a corner."""
        exact, network = self._exact, self._network
        kinks = np.zeros(len(varied) // 2, bool)
        if layer == network.depth - 1:
            logits = np.repeat(exact.z[-1][np.newaxis], len(varied), axis=0)
            logits[np.arange(len(varied)), :, units] = varied
            return logits, kinks
        silenced = np.isin(units, network.silenced.get(layer + 1, []))
        name = network.activation_names[layer]
        a = np.where(silenced[:, np.newaxis], 0, _value(name, varied))
        if name in CORNERED:
            kinks |= _cross(varied[..., np.newaxis]) & ~silenced[: len(kinks)]
        changes = (a - exact.a[layer + 1][:, units].T)[..., np.newaxis]
        z = exact.z[layer + 1] + changes * network.weights[layer + 1][units][:, np.newaxis]
        for level in range(layer + 2, network.depth):
            a, crossed = self._activations(level, z)
            kinks |= crossed
            shape = (*z.shape[:2], -1)
            flat = a.reshape(-1, a.shape[-1])
            z = (flat @ network.weights[level] + network.biases[level]).reshape(shape)
        return z, kinks

    def _activations(self, level: int, z: Array) -> tuple[Array, NDArray[np.bool_] | bool]:
        """Return the activations of a hidden level, and who met a corner in it."""
        name, silenced = (
            self._network.activation_names[level - 1],
            self._network.silenced.get(level, []),
        )
        a = _value(name, z)
        a[..., silenced] = 0
        if name not in CORNERED:
            return a, False
        return a, _cross(np.delete(z, silenced, axis=-1) if silenced else z)

    def _with_ones(self, layer: int) -> Array:
        a = self._exact.a[layer]
        return np.column_stack([a, np.ones(len(a))])

    def _sensitivities(self) -> list[Array]:
        """Return, for each layer's units, how many times as far a unit behind them may move."""
        bends = [np.ones(self._network.widths[-1])]
        for weights in reversed(self._network.weights[1:]):
            bends.insert(0, np.maximum(1, (np.abs(weights) * bends[0]).max(axis=1)))
        return bends


def _cross(z: Array) -> NDArray[np.bool_]:
    """Tell which parameters' steps change the sign of z: the first half of cases is w + h."""
    positive = z > 0
    up, down = positive[: len(z) // 2], positive[len(z) // 2 :]
    return (up != down).any(axis=(1, 2))


def _value(name: str, z: Array) -> Array:
    a = np.empty_like(z)
    with np.errstate(all="ignore"):
        activation_named(name).value(z, a, (np.empty_like(z), np.empty_like(z)))
    return a
