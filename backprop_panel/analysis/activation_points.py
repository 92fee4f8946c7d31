"""Where a batch lies on its activation function: φ and φ′ with the batch's own z on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..nn.record import StepRecord
from ..settings import refuse_other
from ..training.health_meter import FLAT
from .recomputation import checked_index, value_and_slope

Array = NDArray[np.floating]

BEND = 6.0
"""Every activation bends within this distance from zero."""

POINTS = 241
"""Points of a curve over the batch's range, and as many where the activation bends."""

NEAR_LIMIT = 0.02
"""Largest distance of an activation from its limit at which it counts as having reached it."""


@dataclass(frozen=True)
class BlockedUnit:
    """A unit that passes on hardly any gradient, for every example of the batch.

    Attributes
    ----------
    unit : int
    kind : str
        ``saturated`` or ``inactive`` if it is so for all examples, else ``flat``. Whether a unit is
        dead, a batch alone does not tell: `health` does.
    """

    unit: int
    kind: str


@dataclass(frozen=True, eq=False)
class ActivationPoints:
    """An activation function, and a batch on it.

    Attributes
    ----------
    activation : str
        Its name; ``identity`` for the last layer.
    layer : int
    units : array of int, shape (n,)
        The units, one or all of the layer.
    curve_z, curve_values, curve_slopes : array, shape (points,)
        z in ascending order, φ(z) and φ′(z), over a range that holds all finite z of the batch.
    z, a, slopes : array, shape (B, n)
        The record's pre-activations, activations and slopes.
    flat : array of int, shape (m, 2)
        Example and unit wherever ``abs(φ′) < 0.01``.
    kinds : array of str, shape (m,)
        For each of those ``saturated``, near the ends of a function with two bounds, such as tanh;
        ``inactive``, where a function such as ReLU is zero; or ``flat``, as at the minimum of GELU.
    blocked : tuple of BlockedUnit
        The units that are flat in every example.
    """

    activation: str
    layer: int
    units: NDArray[np.integer]
    curve_z: Array
    curve_values: Array
    curve_slopes: Array
    z: Array
    a: Array
    slopes: Array
    flat: NDArray[np.integer]
    kinds: NDArray[np.str_]
    blocked: tuple[BlockedUnit, ...]


def activation_points(record: StepRecord, layer: int, unit: int | None = None) -> ActivationPoints:
    """Return where a batch lies on the activation function of a unit, or of all units of a layer.

    Parameters
    ----------
    record : StepRecord
    layer : int
    unit : int, optional
        All units by default.

    Raises
    ------
    SettingError
        If there is no such layer or unit.
    """
    refuse_other("record", record, StepRecord)
    layer = checked_index("layer", layer, len(record.layers))
    width = record.pre_activations[layer].shape[1]
    units = np.arange(width) if unit is None else np.array([checked_index("unit", unit, width)])
    z, a, slopes = (
        values[:, units]
        for values in (
            record.pre_activations[layer],
            record.activations[layer + 1],
            record.activation_slopes[layer],
        )
    )
    name = (*record.activation_names, "identity")[layer]
    curve_z = _curve_range(z)
    is_flat = np.abs(slopes) < FLAT
    examples, columns = np.nonzero(is_flat)
    kinds = _kinds(name, a[is_flat])
    blocked = _blocked(units, columns, kinds, len(z))
    flat = np.stack([examples, units[columns]], axis=1)
    curves = value_and_slope(name, curve_z)
    return ActivationPoints(
        name, layer, units, curve_z, *curves, z, a, slopes, flat, kinds, blocked
    )


def _curve_range(z: Array) -> Array:
    """Return points over the range of z, and close ones around zero, where functions bend."""
    finite = z[np.isfinite(z)].astype(np.float64)
    low, high = finite.min(initial=-BEND), finite.max(initial=BEND)
    return np.union1d(np.linspace(low, high, POINTS), np.linspace(-BEND, BEND, POINTS))


def _kinds(name: str, a: Array) -> NDArray[np.str_]:
    """Return the kind of each of some activations at which the function is flat, shape (m,)."""
    ends, _ = value_and_slope(name, np.array([-np.inf, np.inf]))
    limits = ends[np.isfinite(ends)]
    at_limit = (np.abs(a[:, np.newaxis] - limits) < NEAR_LIMIT).any(axis=1)
    return np.where(at_limit, "saturated" if len(limits) == 2 else "inactive", "flat")


def _blocked(
    units: NDArray[np.integer], columns: NDArray[np.integer], kinds: NDArray[np.str_], batch: int
) -> tuple[BlockedUnit, ...]:
    """Return the units that are flat in all examples, given the column and kind of each flat z."""
    of_kind = {
        kind: np.bincount(columns[kinds == kind], minlength=len(units)) == batch
        for kind in ("inactive", "saturated")
    }
    everywhere = np.bincount(columns, minlength=len(units)) == batch
    return tuple(
        BlockedUnit(
            int(units[column]),
            "inactive"
            if of_kind["inactive"][column]
            else "saturated"
            if of_kind["saturated"][column]
            else "flat",
        )
        for column in np.flatnonzero(everywhere)
    )
