"""What a run is at one moment, taken between two steps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from threading import Event as Signal

import numpy as np
from numpy.typing import NDArray

from ..runs.run import TrainingRun
from ..settings import shown
from ..training.checkpoints import Checkpoints, EngineState
from ..training.event_log import Event
from ..training.weight_tensors import Tensors, torch_tensors
from .limits import InterchangeError, refuse_other

WAIT_SECONDS = 60
"""How long a worker may take over the step it is at."""


@dataclass(frozen=True)
class ExportSnapshot:
    """The events and the results of a run that may go on training.

    Attributes
    ----------
    state : EngineState
        What all the rest belongs to.
    events : list of Event
    loaded : dict of str to array
        The weights that these load, flat, by their digests.
    weights : dict of str to array
        As PyTorch names and turns them.
    history : dict of str to array, shape (updates,)
    checkpoints : Checkpoints
        The run's own, which may get further ones.
    """

    state: EngineState
    events: list[Event]
    loaded: dict[str, NDArray[np.float32]]
    weights: Tensors
    history: dict[str, NDArray[np.number]]
    checkpoints: Checkpoints

    @property
    def states(self) -> list[EngineState]:
        """The checkpoints before this moment, and its own state as the last."""
        kept = list(self.checkpoints.states)
        return [*(state for state in kept if state.step < self.state.step), self.state]


def snapshot(run: TrainingRun) -> ExportSnapshot:
    """Return copies of a run's events, weights and history, all of one moment.

    Raises
    ------
    InterchangeError
        If it is no run, or a worker does not come to the end of its step.
    """
    refuse_other(run, TrainingRun, "run")
    taken: list[ExportSnapshot] = []
    done = Signal()

    def take() -> None:
        try:
            taken.append(_copy(run))
        finally:
            done.set()

    run.submit(take)
    if not done.wait(WAIT_SECONDS):
        raise InterchangeError("run", f"{shown(run.name)} did not come to the end of its step.")
    return taken[0]


def _copy(run: TrainingRun) -> ExportSnapshot:
    engine = run.trainer.engine
    return ExportSnapshot(
        state=engine.state(),
        # The engine goes on counting in the last event itself.
        events=[replace(event) for event in engine.events],
        loaded=dict(engine.tensors),
        weights=torch_tensors(run.model.weights, run.model.biases),
        history={name: column.copy() for name, column in run.history.items()},
        checkpoints=engine.checkpoints,
    )
