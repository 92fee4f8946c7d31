"""Random number generators: one independent stream for each purpose."""

from __future__ import annotations

import numpy as np


def random_stream(purpose: str, seed: int, *position: int) -> np.random.Generator:
    """Return the generator for `purpose`, a function of its arguments alone.

    Streams of different purposes or positions are independent, so drawing more from one never
    changes another: the batch order of epoch 7 is ``random_stream("order", seed, 7)`` whether or
    not epochs 0 to 6 were ever drawn.
    """
    return np.random.default_rng([seed, *position, int.from_bytes(purpose.encode(), "big")])
