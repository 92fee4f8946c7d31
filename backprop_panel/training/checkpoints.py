"""Copies of an engine's state along its way, so that any step is reached soon."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from ..nn.optimizers import OptimizerState

SPACING_SECONDS = 0.3
"""Training time between two checkpoints: replay from one to just before the next takes as long."""

COPY_SHARE = 0.01
"""Of the training time, the most that copying takes."""

MOST_BYTES = 64 * 2**20
"""What a run's checkpoints may take; beyond that, every second one is dropped."""


@dataclass(frozen=True)
class EngineState:
    """All that an engine is after `step` updates, except what it has logged.

    Attributes
    ----------
    step, epoch, position : int
    events : int
        How many events had begun; the last may have gone on.
    settings : dict
        The training settings in force.
    frozen : frozenset of int
        The layers that do not learn.
    parameters : array, shape (size,)
    optimizers : mapping of str to OptimizerState
        What each rule that was used remembers.
    """

    step: int
    epoch: int
    position: int
    events: int
    settings: dict[str, object]
    frozen: frozenset[int]
    parameters: NDArray[np.float32]
    optimizers: Mapping[str, OptimizerState]

    def tensors(self) -> dict[str, NDArray]:
        """Return every array by its name: ``parameters``, ``adam.mean`` and so on."""
        tensors = {"parameters": self.parameters}
        for rule, state in self.optimizers.items():
            tensors |= {f"{rule}.{name}": moment for name, moment in state.moments.items()}
        return tensors

    @property
    def rules(self) -> dict[str, int]:
        """The steps that each optimizer has seen."""
        return {name: state.steps for name, state in self.optimizers.items()}

    @cached_property
    def nbytes(self) -> int:
        """Bytes of its arrays."""
        return sum(tensor.nbytes for tensor in self.tensors().values())

    def digest(self) -> str:
        """Return a fingerprint of everything that decides how training goes on."""
        place = {
            "step": self.step,
            "epoch": self.epoch,
            "position": self.position,
            "settings": self.settings,
            "frozen": sorted(self.frozen),
            "rules": self.rules,
        }
        canonical = json.dumps(place, sort_keys=True, separators=(",", ":"))
        fingerprint = blake2b(canonical.encode(), digest_size=16)
        for name, tensor in sorted(self.tensors().items()):
            fingerprint.update(name.encode())
            fingerprint.update(np.ascontiguousarray(tensor).tobytes())
        return fingerprint.hexdigest()


class Checkpoints:
    """States in the order of their steps, as dense as their room allows.

    Parameters
    ----------
    states : iterable of EngineState
    read : callable, optional
        Returns the states; it is called when they are first needed.
    """

    def __init__(
        self,
        states: Iterable[EngineState] = (),
        read: Callable[[], list[EngineState]] | None = None,
    ) -> None:
        self._states = list(states)
        self._read = read
        self._due = 0.0

    @property
    def unread(self) -> bool:
        """Whether the states have not been needed yet."""
        return self._read is not None

    @property
    def states(self) -> list[EngineState]:
        """All of them."""
        if self._read is not None:
            self._states, self._read = self._read(), None
        return self._states

    def are_due(self) -> bool:
        """Tell whether it is time for another."""
        return perf_counter() >= self._due

    def keep(self, state: EngineState, seconds: float) -> None:
        """Keep a state whose copying took so many seconds, and thin the rest if need be."""
        self._due = perf_counter() + max(SPACING_SECONDS, seconds / COPY_SHARE)
        if not self.states or state.step > self.states[-1].step:
            self.states.append(state)
        while len(self.states) > 1 and sum(kept.nbytes for kept in self.states) > MOST_BYTES:
            # The last one stays whatever its place: it is the soonest to be needed.
            self._states = [*self.states[:-1][1::2], self.states[-1]]

    def before(self, step: int) -> EngineState | None:
        """Return the last state at `step` or before, None if there is none."""
        place = bisect_right(self.states, step, key=lambda state: state.step)
        return self.states[place - 1] if place else None

    def up_to(self, step: int) -> Checkpoints:
        """Return those at `step` or before."""
        return Checkpoints([state for state in self.states if state.step <= step])
