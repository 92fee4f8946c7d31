"""Sampling: which windows are held out for validation, and which are trained on, in which order."""

from __future__ import annotations

from math import ceil

import numpy as np

from ..rng import random_stream
from .window_index import Indices, WindowIndex


def draw_samples(
    index: WindowIndex, num_samples: int, validation_fraction: float, seed: int
) -> tuple[Indices, Indices]:
    """Hold out the validation windows and draw the training samples from the others.

    If there are far more windows than samples, only as many as needed are considered.

    Returns
    -------
    samples : array, shape (num_samples,)
        Numbers of windows, all equally often up to a difference of one.
    validation_windows : array, shape (n,)
        Numbers of distinct windows; none has the content of a sample.
    """
    random = random_stream("samples", seed)
    needed = ceil(num_samples / (1 - validation_fraction))
    pool = random.choice(index.count, min(needed, index.count), replace=False)
    distinct, first, content = np.unique(
        index.token_ids(pool), axis=0, return_index=True, return_inverse=True
    )
    held_out = round(validation_fraction * len(distinct))
    held_out = min(max(held_out, validation_fraction > 0), len(distinct) - 1)
    shuffled = random.permutation(len(distinct))
    is_training = np.ones(len(distinct), bool)
    is_training[shuffled[:held_out]] = False
    training = np.sort(pool[is_training[content.ravel()]])
    validation = np.sort(pool[first[shuffled[:held_out]]])
    return _draw_evenly(training, num_samples, random), validation


def epoch_order(num_samples: int, seed: int, epoch: int) -> Indices:
    """Return the shuffled order of the samples in an epoch."""
    return random_stream("order", seed, epoch).permutation(num_samples)


def _draw_evenly(windows: Indices, count: int, random: np.random.Generator) -> Indices:
    """Draw `count` of `windows`, all equally often up to a difference of one."""
    rounds, rest = divmod(count, len(windows))
    return np.concatenate([np.tile(windows, rounds), random.permutation(windows)[:rest]])
