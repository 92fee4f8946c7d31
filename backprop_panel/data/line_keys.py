"""Numbers by which equal master sequences are found without comparing them."""

from __future__ import annotations

from hashlib import blake2b
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .master_sequences import TOKENS_AT_ONCE, MasterSequences

FACTOR = 0x9E3779B97F4A7C15
INVERSE = pow(FACTOR, -1, 1 << 64)


def line_keys(masters: MasterSequences, salt: np.uint64) -> NDArray[np.uint64]:
    """Return a number for each master, as good as random but the same for equal masters.

    Different masters hardly ever have the same number. With another salt, all numbers are
    different. A number is the sum of (t + 1) Fᵏ modulo 2⁶⁴ over the tokens t at the places k. A
    very long master has its hash instead. Both are then scrambled with the salt.
    """
    keys = np.empty(len(masters), np.uint64)
    is_long = masters.lengths > TOKENS_AT_ONCE
    for number in np.flatnonzero(is_long):
        digest = blake2b(masters[number].tobytes(), digest_size=8).digest()
        keys[number] = int.from_bytes(digest, "little")
    powers, inverses = _powers(FACTOR), _powers(INVERSE)
    # The sums of all terms before each place; a master's is the difference of two.
    sums = np.zeros(len(powers) + 1, np.uint64)
    # Masters that begin within the same stretch of tokens are summed together.
    stretches = np.arange(TOKENS_AT_ONCE, len(masters.ids) + TOKENS_AT_ONCE, TOKENS_AT_ONCE)
    for begin, end in pairwise([0, *np.searchsorted(masters.starts, stretches).tolist()]):
        # A long master is the last that begins in its stretch.
        last = end - 1 if end > begin and is_long[end - 1] else end
        if last > begin:
            starts = masters.starts[begin:last] - masters.starts[begin]
            ends = starts + masters.lengths[begin:last]
            tokens = masters.ids[masters.starts[begin] :][: ends[-1]]
            terms = sums[1 : len(tokens) + 1]
            np.add(tokens, np.uint64(1), out=terms)
            np.multiply(terms, powers[: len(tokens)], out=terms)
            np.cumsum(terms, out=terms)
            keys[begin:last] = (sums[ends] - sums[starts]) * inverses[starts]
        keys[begin:end] = _scrambled(keys[begin:end] ^ salt)
    return keys


def _powers(factor: int) -> NDArray[np.uint64]:
    """Return the powers 0, 1, 2, … of a number modulo 2⁶⁴, for the longest stretch."""
    factors = np.full(2 * TOKENS_AT_ONCE, factor, np.uint64)
    factors[0] = 1
    return np.multiply.accumulate(factors)


def _scrambled(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scramble numbers in place by the one-to-one mixing steps of SplitMix64."""
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        keys ^= keys >> np.uint64(shift)
        keys *= np.uint64(factor)
    keys ^= keys >> np.uint64(31)
    return keys
