"""Sampling: which windows are held out, and which are trained on, in which order."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from ..rng import random_stream
from .distinct_rows import ranked, row_keys
from .lazy_array import LazyRows
from .line_keys import line_keys
from .master_sequences import MasterSequences
from .window_index import Indices, WindowIndex

ALL = "all"
"""The number of samples with which an epoch takes every training window as often as it occurs."""

Windows = Indices | LazyRows
"""Numbers of windows: an array, or a lazy one of one dimension."""


@dataclass(frozen=True)
class Samples:
    """The numbers of the windows that are trained on, and of those that are held out; read-only."""

    training: Windows
    validation: Windows
    test: Windows

    def __post_init__(self) -> None:
        for windows in (self.training, self.validation, self.test):
            if isinstance(windows, np.ndarray):
                windows.flags.writeable = False


def split_windows(
    index: WindowIndex,
    vocabulary_size: int,
    num_samples: int | str,
    fractions: tuple[float, float],
    seed: int,
) -> Samples:
    """Hold out windows by content, and draw the training samples from the others.

    If there are far more windows than samples, only as many as needed are considered. No window
    that is held out has the content of a sample. With ``"all"`` every window stands as often as it
    occurs; with a number the samples are drawn evenly, and each distinct window that is held out
    stands once.
    """
    random = random_stream("samples", seed)
    needed = index.count
    if num_samples != ALL:
        needed = min(ceil(num_samples / (1 - sum(fractions))), needed)
    pool = random.choice(index.count, needed, replace=False)
    keys = row_keys(index.token_ids(pool), vocabulary_size)
    distinct, first, content = np.unique(keys, return_index=True, return_inverse=True)
    shuffled = random.permutation(len(distinct))
    set_of = np.zeros(len(distinct), np.uint8)
    validation, test = _sizes(len(distinct), fractions)
    set_of[shuffled[:validation]] = 1
    set_of[shuffled[validation : validation + test]] = 2
    if num_samples == ALL:
        training, *held_out = (np.sort(pool[set_of[content] == number]) for number in range(3))
        return Samples(training, *held_out)
    training = np.sort(pool[set_of[content] == 0])
    held_out = [np.sort(pool[first[set_of == number]]) for number in (1, 2)]
    return Samples(_draw_evenly(training, num_samples, random), *held_out)


def split_lines(
    masters: MasterSequences,
    index: WindowIndex,
    num_samples: int | str,
    fractions: tuple[float, float],
    seed: int,
) -> Samples:
    """Hold out whole masters; equal ones are held out together.

    Every window of a master that is held out stands as often as it occurs.
    """
    random = random_stream("lines", seed)
    salt = random.integers(1 << 64, dtype=np.uint64)
    set_of = _sets_by_key(line_keys(masters, salt), fractions)
    training, *held_out = (index.of_masters(set_of == number) for number in range(3))
    if num_samples == ALL:
        return Samples(training, *held_out)
    rounds, rest = divmod(num_samples, len(training))
    drawn = [np.tile(training, rounds)] if rounds else []
    more = training[random.choice(len(training), rest, replace=False)]
    return Samples(np.concatenate([*drawn, more]), *held_out)


def epoch_order(num_samples: int, seed: int, epoch: int) -> NDArray[np.uint32]:
    """Return the shuffled order of the samples in an epoch."""
    # In half the memory of the default type, and shuffled alike.
    return random_stream("order", seed, epoch).permutation(np.arange(num_samples, dtype=np.uint32))


def _sets_by_key(keys: NDArray[np.uint64], fractions: tuple[float, float]) -> NDArray[np.uint8]:
    """Return the set of each key: 0 for training, 1 and 2 for what is held out.

    The keys are as good as random, so that the smallest ones are a random choice.
    """
    ordered, rank = ranked(keys)
    set_of = np.zeros(len(keys), np.uint8)
    for number, end in reversed([*enumerate(np.cumsum(_sizes(int(rank[-1]), fractions)), 1)]):
        if end:
            set_of[keys <= ordered[np.searchsorted(rank, end)]] = number
    return set_of


def _sizes(count: int, fractions: tuple[float, float]) -> list[int]:
    """Return how many of `count` are held out for validation and for the test.

    At least one for each fraction above 0, but never all.
    """
    sizes, left = [], count
    for fraction in fractions:
        size = max(round(fraction * count), fraction > 0)
        sizes.append(min(size, left - 1))
        left -= sizes[-1]
    return sizes


def _draw_evenly(windows: Indices, count: int, random: np.random.Generator) -> Indices:
    """Draw `count` of `windows`, all equally often up to a difference of one."""
    rounds, rest = divmod(count, len(windows))
    return np.concatenate([np.tile(windows, rounds), random.permutation(windows)[:rest]])
