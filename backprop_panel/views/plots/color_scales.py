"""Colour scales of the map's heatmaps, which fit the values that are shown.

A scale is a function of the values alone: the same record has the same colours whatever was shown
before. Only while records follow one another do the scales move gradually.

A cell's colour is made in five files: this one fits a scale, `panels/map_scales` gives each heatmap
of the map its scale, `colors` has the palettes, `heatmap` sets the limits of Bokeh's colour mapper,
and `patches/image_canvas` colours in the browser.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import expm1, floor, log1p, log10

import numpy as np
from numpy.typing import NDArray

from ...plain_values import LARGEST

SYMMETRIC_LOG, LINEAR, ROBUST = "symmetric log", "linear", "robust"

SPACINGS = (SYMMETRIC_LOG, LINEAR, ROBUST)
"""How colours are spaced, the default first.

symmetric log
    Linear about zero and logarithmic beyond, with the widest linear part under which small values
    are seen. It ends at the largest magnitude.
linear
    It ends at the largest magnitude.
robust
    Linear to the 99th percentile of the magnitudes; larger ones have a colour of their own.
"""

ROBUST_SHARE = 0.99
"""The share of the values within a robust scale."""

SMALL_SHARE, VISIBLE = 0.2, 0.12
"""On a symmetric log scale, this share of the values other than 0 may be paler than `VISIBLE`, as a
share of the way from the background to the colour of the end."""

MOST_DECADES = 9
"""How many powers of ten a logarithmic part has at most."""

STEPS = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
"""A scale ends at one of these times a power of ten, so that it changes seldom and reads well."""

SMOOTHING = 0.12
"""How far a scale's smoothed magnitude moves towards a smaller one with each frame."""

GROWTH = 0.5
"""How far it moves towards a larger one."""

ROOM, MOST_ROOM = 1.4, 2.5
"""In a sequence of frames, a changed limit is `ROOM` times the magnitude.

It is kept until the magnitude exceeds it, or falls below the limit divided by `MOST_ROOM`. In late
training, gradients grow and shrink severalfold from frame to frame, but colours are to stay."""

SMALLEST = 1e-12
"""The limit of a scale for values that are all zero."""

SAMPLE = 16_384
"""The number of values from which percentiles are found."""


@dataclass(frozen=True)
class ColorScale:
    """A scale symmetric about zero.

    Attributes
    ----------
    end : float
        The magnitude at which the colours end.
    linear : float or None
        The magnitude up to which a symmetric log scale is about linear; None: all of it is.
    clipped : bool
        Whether values beyond the end are to be expected, and marked.
    """

    end: float
    linear: float | None = None
    clipped: bool = False

    def shares(self, values: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return where values lie, from -1 to 1: v/e, or sign(v) log(1 + |v|/l) / log(1 + e/l).

        Here e is the end and l the linear part. Values beyond the end are not clipped.
        """
        values = np.asarray(values, float)
        if self.linear is None:
            return values / self.end
        shares = np.log1p(np.abs(values) / self.linear) / log1p(self.end / self.linear)
        return np.sign(values) * shares

    def middle(self) -> float:
        """Return a round magnitude about half way from zero to the end, for a tick."""
        if self.linear is None:
            return self.end / 2
        half_way = self.linear * expm1(0.5 * log1p(self.end / self.linear))
        return float(f"{half_way:.0e}")


class Scales:
    """Scales symmetric about zero, one for each kind of value.

    Attributes
    ----------
    spacing : str
        One of `SPACINGS`.
    by_kind : dict of str to ColorScale
    locked : bool
        Whether the scales stay as they are.
    has_not_finite : bool
        Whether the last frame had values that are not finite.
    without_finite : frozenset of str
        The kinds whose values in the last frame were all not finite.
    """

    def __init__(self, spacing: str = SYMMETRIC_LOG) -> None:
        self.spacing = spacing
        self.by_kind: dict[str, ColorScale] = {}
        self.locked = False
        self.has_not_finite = False
        self.without_finite: frozenset[str] = frozenset()
        self._magnitudes: dict[str, float] = {}

    @property
    def has_clipped(self) -> bool:
        """Whether some numbers are beyond the end of their scale."""
        return any(scale.clipped for scale in self.by_kind.values())

    def forget(self, kinds: Iterable[str] | None = None) -> None:
        """Start again from the next values: for some kinds, or for all."""
        for kind in list(self.by_kind) if kinds is None else kinds:
            self.by_kind.pop(kind, None)
            self._magnitudes.pop(kind, None)

    def fit_frame(
        self, shown: Iterable[tuple[str, NDArray[np.floating]]], smoothly: bool = True
    ) -> bool:
        """Update the scales from a frame's values; return whether the legend changes.

        Parameters
        ----------
        shown : iterable of (str, array)
            Each array with its kind.
        smoothly : bool
            Whether scales move gradually, for a frame among many; otherwise they fit at once.
        """
        before = dict(self.by_kind), self.has_not_finite, self.without_finite
        magnitudes: dict[str, list[NDArray]] = {}
        self.has_not_finite = False
        for kind, values in shown:
            magnitudes.setdefault(kind, []).append(self._finite_magnitudes(values))
        self.without_finite = frozenset(
            kind for kind, parts in magnitudes.items() if not any(part.size for part in parts)
        )
        for kind, parts in magnitudes.items():
            if kind not in self.by_kind or not (self.locked or smoothly):
                self._fit(kind, parts)
            elif not self.locked:
                self._move(kind, parts)
        return (self.by_kind, self.has_not_finite, self.without_finite) != before

    def _finite_magnitudes(self, values: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return the magnitudes that are finite in float32."""
        magnitudes = np.abs(values).ravel()
        if magnitudes.max(initial=0) <= LARGEST:
            return magnitudes
        self.has_not_finite = True
        return magnitudes[magnitudes <= LARGEST]

    def _fit(self, kind: str, parts: list[NDArray]) -> None:
        magnitude = self._magnitudes[kind] = self._magnitude(parts)
        self.by_kind[kind] = self._scale(rounded_up(magnitude), parts)

    def _move(self, kind: str, parts: list[NDArray]) -> None:
        before, scale = self._magnitudes[kind], self.by_kind[kind]
        magnitude = self._magnitude(parts)
        rate = SMOOTHING if magnitude < before else GROWTH
        smoothed = self._magnitudes[kind] = before + rate * (magnitude - before)
        if not scale.end / MOST_ROOM <= smoothed <= scale.end:
            scale = replace(scale, end=rounded_up(smoothed * ROOM))
        if scale.linear is not None:
            linear = self._scale(scale.end, parts).linear
            if not 0.05 <= linear / scale.linear <= 20:  # a decade more or less is hardly seen
                scale = replace(scale, linear=linear)
        self.by_kind[kind] = scale

    def _magnitude(self, parts: list[NDArray]) -> float:
        if self.spacing == ROBUST and (sample := _sample(parts)).size:
            return max(float(np.quantile(sample, ROBUST_SHARE)), SMALLEST)
        return max(float(part.max(initial=SMALLEST)) for part in parts)

    def _scale(self, end: float, parts: list[NDArray]) -> ColorScale:
        if self.spacing == SYMMETRIC_LOG:
            return ColorScale(end, linear_part(_sample(parts), end))
        return ColorScale(end, clipped=self.spacing == ROBUST)


def rounded_up(magnitude: float) -> float:
    """Return the next of `STEPS` times a power of ten, at most the largest of float32."""
    power = floor(log10(magnitude))
    for step in STEPS:
        if (end := float(f"{step}e{power}")) >= magnitude * (1 - 1e-9):
            return min(end, LARGEST)
    return min(float(f"1e{power + 1}"), LARGEST)


def linear_part(magnitudes: NDArray[np.floating], end: float) -> float:
    """Return the widest linear part, a power of ten, that shows small magnitudes.

    It is the largest l with log(1 + q/l) / log(1 + e/l) >= `VISIBLE`, where q is the magnitude that
    `SMALL_SHARE` of the values other than zero do not reach, and e the end.
    """
    small = _small(magnitudes[magnitudes > 0], end)
    power = floor(log10(end))
    for decades in range(MOST_DECADES):
        linear = float(f"1e{power - decades}")
        if log1p(small / linear) >= VISIBLE * log1p(end / linear):
            return linear
    return float(f"1e{power - MOST_DECADES}")


def _small(magnitudes: NDArray[np.floating], otherwise: float) -> float:
    """Return the magnitude that `SMALL_SHARE` of these do not reach; `otherwise` if there are none.

    It is called for every frame of training. `np.quantile` takes several times as long.
    """
    if not magnitudes.size:
        return otherwise
    rank = int(SMALL_SHARE * (magnitudes.size - 1))
    return float(np.partition(magnitudes, rank)[rank])


def _sample(parts: list[NDArray]) -> NDArray[np.floating]:
    """Return at most about `SAMPLE` of the values, evenly spaced."""
    stride = max(1, sum(part.size for part in parts) // SAMPLE)
    return np.concatenate([part[::stride] for part in parts])
