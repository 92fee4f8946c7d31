"""A copy of a run between two steps, for exports."""

from __future__ import annotations

from dataclasses import dataclass, replace
from threading import Event as Signal

import numpy as np
from numpy.typing import NDArray

from ..runs.run import TrainingRun
from ..settings import shown
from ..training.checkpoints import Checkpoints, EngineState
from ..training.events import Event
from ..training.health_log import HealthLog
from ..training.pytorch_weights import Tensors, torch_tensors
from .limits import InterchangeError, refuse_other

WAIT_SECONDS = 60
"""The longest wait for the present step of a worker."""


@dataclass(frozen=True)
class ExportSnapshot:
    """The events and results of a run at one step; the run may continue to train.

    Attributes
    ----------
    state : EngineState
        The state at that step.
    events : list of Event
    loaded : dict of str to array
        The flat weights that the events load, by their digests.
    weights : dict of str to array
        Named and transposed as in PyTorch.
    history : dict of str to array, shape (updates,)
    checkpoints : Checkpoints
        The run's own; later ones may be added.
    health : HealthLog
    """

    state: EngineState
    events: list[Event]
    loaded: dict[str, NDArray[np.float32]]
    weights: Tensors
    history: dict[str, NDArray[np.number]]
    checkpoints: Checkpoints
    health: HealthLog

    @property
    def states(self) -> list[EngineState]:
        """The checkpoints before this step, then its own state."""
        kept = list(self.checkpoints.states)
        return [*(state for state in kept if state.step < self.state.step), self.state]


def snapshot(run: TrainingRun) -> ExportSnapshot:
    """Return copies of a run's events, weights and history between two steps.

    Raises
    ------
    InterchangeError
        If it is not a run, or a worker does not finish its step in time.
    """
    refuse_other(run, TrainingRun, "run")
    taken: list[ExportSnapshot] = []
    done = Signal()

    def take() -> None:
        """Copy the run between two steps, and say that it is done even if that fails."""
        try:
            taken.append(_copy(run))
        finally:
            done.set()

    run.submit(take)
    if not done.wait(WAIT_SECONDS):
        raise InterchangeError(
            "run", f"{shown(run.name)} did not finish its step within {WAIT_SECONDS} seconds."
        )
    return taken[0]


def _copy(run: TrainingRun) -> ExportSnapshot:
    engine = run.trainer.engine
    return ExportSnapshot(
        state=engine.state(),
        # Copies, as the engine counts further updates in its last event.
        events=[replace(event) for event in engine.events],
        loaded=dict(engine.tensors),
        weights=torch_tensors(run.model.weights, run.model.biases),
        history={name: column.copy() for name, column in run.history.items()},
        checkpoints=engine.checkpoints,
        health=engine.health.up_to(engine.step),
    )
