"""Running means of long curves."""

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
        end = losses[last - span : last].mean()
        return np.append(steps, last), np.append(means[from_stretch:to_stretch], end)
    before = max(0, first - span)
    return np.arange(first, last + 1), smoothed(losses[before:last], span)[first - 1 - before :]


def stretch_means(losses: NDArray, span: int) -> NDArray:
    """Return the mean of each full stretch of `span` losses."""
    if span == 1:
        return losses
    count = len(losses) // span
    # np.mean takes ten times as long over so short an axis. A matrix product would use the threads
    # of the matrix library, which wait for each other while the browser draws on the same cores.
    return np.einsum("ij->i", losses[: count * span].reshape(count, span)) / span


def smoothed(values: NDArray, span: int) -> NDArray:
    """Return the running mean of the last `span` values, of fewer at the beginning."""
    span = min(span, len(values))
    if span < 2:
        return values
    sums = np.cumsum(values, dtype=np.float64)
    means = np.empty(len(values), np.float32)
    means[:span] = sums[:span] / np.arange(1, span + 1)
    means[span:] = (sums[span:] - sums[:-span]) / span
    return means
