"""Running means of long curves; numbers that are not finite are left out of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MOST_STEPS_SMOOTHED = 100
"""Steps averaged at full smoothing."""

MOST_EXACT = 20_000
"""Visible steps up to which the running mean is drawn at each of them."""

Window = tuple[float, float] | None


def span_of(strength: float) -> int:
    """Return how many steps a smoothing from 0, none, to 1 averages."""
    return 1 + int(strength * MOST_STEPS_SMOOTHED)


def in_view(count: int, window: Window = None, begin: int = 0) -> tuple[int, int]:
    """Return the first and the last step to draw.

    Parameters
    ----------
    count : int
        The number of steps.
    window : (float, float), optional
        The visible steps; as many before and after are drawn as well, for when the plot is panned.
    begin : int
        The first step of the curve.
    """
    first, last = min(max(begin, 1), count + 1), count
    if window is not None:
        margin = window[1] - window[0]
        first = int(np.clip(window[0] - margin, first, count + 1))
        last = int(np.clip(window[1] + margin, first - 1, count))
    return first, last


def averaged(
    losses: NDArray,
    span: int,
    window: Window = None,
    begin: int = 0,
    means: NDArray | None = None,
) -> tuple[NDArray, NDArray]:
    """Return the steps to draw, and the mean of the last `span` losses at each.

    The mean is of the finite losses, and NaN at a step whose loss is not finite.

    Parameters
    ----------
    losses : array, shape (steps,)
        Of the steps 1, 2, 3, …
    span : int
    window : (float, float), optional
    begin : int
        As for `in_view`.
    means : array, optional
        The result of `stretch_means` for all losses, if it is known.
    """
    first, last = in_view(len(losses), window, begin)
    if span > 1 and last - first >= MOST_EXACT:
        # More steps than pixels: a mean for each stretch looks the same as one for each step.
        means = stretch_means(losses, span) if means is None else means
        from_stretch, to_stretch = -(-(first - 1) // span), last // span
        steps = span * np.arange(from_stretch + 1, to_stretch + 1)
        # The last steps may not fill a stretch.
        end = mean_at(losses, last, span)
        return np.append(steps, last), np.append(means[from_stretch:to_stretch], end)
    before = max(0, first - span)
    return np.arange(first, last + 1), smoothed(losses[before:last], span)[first - 1 - before :]


def stretch_means(losses: NDArray, span: int) -> NDArray:
    """Return the mean of the finite losses of each full stretch of `span`; NaN without any."""
    if span == 1:
        return losses
    count = len(losses) // span
    stretches = losses[: count * span].reshape(count, span)
    # np.mean takes ten times as long over so short an axis. A matrix product would use the threads
    # of the matrix library, which wait for each other while the browser draws on the same cores.
    sums = np.einsum("ij->i", stretches)
    if np.isfinite(sums).all():
        return sums / span
    finite = np.isfinite(stretches)
    sums = np.where(finite, stretches, 0).astype(float).sum(axis=1)
    return _ratios(sums, finite.sum(axis=1))


def smoothed(values: NDArray, span: int) -> NDArray:
    """Return the running mean of the last `span` values, of fewer at the beginning.

    The mean is of the finite ones, and NaN at a value that is not finite.
    """
    span = min(span, len(values))
    finite = np.isfinite(values)
    if span < 2:
        return np.where(finite, values, np.nan)
    # Not by differences of running sums: after one huge loss these have no digits left.
    ones = np.ones(span)
    sums = np.convolve(np.where(finite, values, 0.0), ones)[: len(values)]
    counts = np.convolve(finite, ones)[: len(values)]
    return np.where(finite, _ratios(sums, counts), np.nan)


def mean_at(losses: NDArray, step: int, span: int) -> float:
    """Return the mean of the finite ones of the last `span` losses up to a step; NaN without any.

    As in `smoothed`, it is NaN if the loss of the step itself is not finite.
    """
    last = losses[max(0, step - span) : step].astype(float)
    return float(last[np.isfinite(last)].mean()) if np.isfinite(last[-1]) else np.nan


def _ratios(sums: NDArray, counts: NDArray) -> NDArray:
    return np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0.5)
