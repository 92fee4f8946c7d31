"""How strongly each context window moves a weight or a unit (its "push"), ranked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
Indices = NDArray[np.integer]


@dataclass(frozen=True)
class Push:
    """A window and its push; windows with the same tokens and target are counted together.

    Attributes
    ----------
    term : float
        Its part of the gradient of the mean loss. A negative part pushes up.
    own : float
        The gradient of its own loss: what `term` would be if there were no other windows.
    count : int
        How often it occurs in the batch or the training set.
    context : tuple of int
        Its token ids; empty in a record without tokens.
    target : int
    examples : tuple of int
        Its rows in the batch; empty for the training set.
    samples : tuple of int
        Training samples: those of the batch, or one for each place in the master sequences.
    origins : tuple of (int, int)
        Master and offset of each of `samples`; empty without a dataset.
    """

    term: float
    own: float
    count: int
    context: tuple[int, ...]
    target: int
    examples: tuple[int, ...]
    samples: tuple[int, ...]
    origins: tuple[tuple[int, int], ...]


@dataclass(frozen=True, eq=False)
class Pushes:
    """The pushes of all windows on one weight, bias or unit.

    Attributes
    ----------
    name : str
        What is pushed, as the map names it.
    contexts : array of int, shape (n, context_length)
        The token ids of each different window.
    targets : array of int, shape (n,)
        The target of each window.
    counts : array of int, shape (n,)
        How often each window occurs.
    terms : array, shape (n,)
        Each window's part of the gradient, the sum over its occurrences.
    examples : int
        Examples of the batch, or samples of the training set.
    vocabulary_size, outputs : int
    complete : bool
        Whether all windows are included.
    """

    name: str
    contexts: Indices
    targets: Indices
    counts: Indices
    terms: Array
    examples: int
    vocabulary_size: int
    outputs: int
    complete: bool
    _places: Callable[[int], tuple[Indices, Indices, Indices]] = field(repr=False)

    @property
    def gradient(self) -> float:
        """The sum of the terms: the gradient of the mean loss, once complete."""
        return float(self.terms.sum())

    def up(self, most: int = 10) -> list[Push]:
        """Return the windows that push up the most, strongest first."""
        return [self._push(window) for window in self.strongest(up=True, most=most)]

    def down(self, most: int = 10) -> list[Push]:
        """Return the windows that push down the most, strongest first."""
        return [self._push(window) for window in self.strongest(up=False, most=most)]

    def strongest(self, up: bool, most: int) -> Indices:
        """Return the indices of the windows that push one way the most, strongest first."""
        terms = self.terms if up else -self.terms
        pushing = np.flatnonzero(terms < 0)
        return pushing[np.argsort(terms[pushing], kind="stable")[:most]]

    def _push(self, window: int) -> Push:
        examples, samples, origins = (part.tolist() for part in self._places(window))
        term, count = float(self.terms[window]), int(self.counts[window])
        return Push(
            term=term,
            own=term * self.examples / count,
            count=count,
            context=tuple(self.contexts[window].tolist()),
            target=int(self.targets[window]),
            examples=tuple(examples),
            samples=tuple(samples),
            origins=tuple(map(tuple, origins)),
        )
