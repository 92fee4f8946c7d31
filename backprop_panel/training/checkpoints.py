"""Copies of an engine's state at some of its steps, which make replay short."""

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
from ..nn.record import FrozenPart

SPACING_SECONDS = 0.3
"""Training time between two checkpoints, and so the longest time that a replay takes."""

COPY_SHARE = 0.01
"""Largest share of the training time that is spent on copying."""

MOST_BYTES = 64 * 2**20
"""Memory for the checkpoints of a run; when it is full, every second one is dropped."""


@dataclass(frozen=True)
class EngineState:
    """The state of an engine after `step` updates, without its log and history.

    Attributes
    ----------
    step, epoch, position : int
    events : int
        Number of events so far; the last one may have grown afterwards.
    settings : dict
        The training settings in force.
    frozen : frozenset of int
        The layers that do not learn.
    parameters : array, shape (size,)
    optimizers : mapping of str to OptimizerState
        The state of each optimizer that was used.
    frozen_parts : frozenset of (int, int or None, int)
        The weights, biases and units that do not learn; see `StepRecord`.
    silenced : frozenset of (int, int)
        Level and number of each silenced unit.
    fault_memory : array, shape (n,), or None
        What the fault in force takes from one step to the next; see `nn.step_rules.Memory`.
    """

    step: int
    epoch: int
    position: int
    events: int
    settings: dict[str, object]
    frozen: frozenset[int]
    parameters: NDArray[np.float32]
    optimizers: Mapping[str, OptimizerState]
    frozen_parts: frozenset[FrozenPart] = frozenset()
    silenced: frozenset[tuple[int, int]] = frozenset()
    fault_memory: NDArray[np.float32] | None = None

    def tensors(self) -> dict[str, NDArray]:
        """Return all arrays by name: ``parameters``, ``adam.mean`` and so on."""
        tensors = {"parameters": self.parameters}
        if self.fault_memory is not None:
            tensors["fault_memory"] = self.fault_memory
        for rule, state in self.optimizers.items():
            tensors |= {f"{rule}.{name}": moment for name, moment in state.moments.items()}
        return tensors

    @property
    def rules(self) -> dict[str, int]:
        """Number of steps made with each optimizer."""
        return {name: state.steps for name, state in self.optimizers.items()}

    @property
    def interventions(self) -> dict[str, list]:
        """The frozen parts and silenced units as lists for JSON; empty if there are none."""
        # Empty lists are left out, so that states without any have the digests of older versions.
        lists = {
            "frozen_parts": sorted(map(list, self.frozen_parts), key=str),
            "silenced": sorted(map(list, self.silenced)),
        }
        return {name: entries for name, entries in lists.items() if entries}

    @cached_property
    def nbytes(self) -> int:
        """Size of its arrays in bytes."""
        return sum(tensor.nbytes for tensor in self.tensors().values())

    def digest(self) -> str:
        """Return a fingerprint of everything that determines the next steps."""
        scalars = {
            "step": self.step,
            "epoch": self.epoch,
            "position": self.position,
            "settings": self.settings,
            "frozen": sorted(self.frozen),
            "rules": self.rules,
            **self.interventions,
        }
        canonical = json.dumps(scalars, sort_keys=True, separators=(",", ":"))
        fingerprint = blake2b(canonical.encode(), digest_size=16)
        for name, tensor in sorted(self.tensors().items()):
            fingerprint.update(name.encode())
            fingerprint.update(np.ascontiguousarray(tensor).tobytes())
        return fingerprint.hexdigest()


class Checkpoints:
    """States in the order of their steps, as many as `MOST_BYTES` allows.

    Parameters
    ----------
    states : iterable of EngineState
    read : callable, optional
        Returns the states; called when they are first needed.
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
        """Whether the states are still to be read."""
        return self._read is not None

    @property
    def states(self) -> list[EngineState]:
        """All states, in the order of their steps."""
        if self._read is not None:
            self._states, self._read = self._read(), None
        return self._states

    def add_if_due(self, copy: Callable[[], EngineState]) -> None:
        """Add the state that `copy` returns, if it is time for another checkpoint."""
        if (begin := perf_counter()) >= self._due:
            state = copy()
            self.add(state, perf_counter() - begin)

    def add(self, state: EngineState, seconds: float) -> None:
        """Add a state that took `seconds` to copy; drop others if memory runs out."""
        self._due = perf_counter() + max(SPACING_SECONDS, seconds / COPY_SHARE)
        if not self.states or state.step > self.states[-1].step:
            self.states.append(state)
        while len(self.states) > 1 and sum(kept.nbytes for kept in self.states) > MOST_BYTES:
            # The last one always stays, as it is the most likely to be needed.
            self._states = [*self.states[:-1][1::2], self.states[-1]]

    def last_up_to(self, step: int) -> EngineState | None:
        """Return the last state at or before `step`, None if there is none."""
        count = bisect_right(self.states, step, key=lambda state: state.step)
        return self.states[count - 1] if count else None

    def up_to(self, step: int) -> Checkpoints:
        """Return the checkpoints at or before `step`."""
        return Checkpoints([state for state in self.states if state.step <= step])
