"""The exact state of a run at one of its steps."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..nn.optimizers import OptimizerState
from ..training.engine import Engine


@dataclass(frozen=True)
class RunState:
    """The exact state of a run after `step` updates.

    Attributes
    ----------
    step : int
    weights : list of array, shape (in, out)
    biases : list of array, shape (out,)
    optimizer_state : OptimizerState
    epoch, position : int
        The position of the next batch.
    settings : dict
        The training settings in force.
    """

    step: int
    weights: list[NDArray[np.float32]]
    biases: list[NDArray[np.float32]]
    optimizer_state: OptimizerState
    epoch: int
    position: int
    settings: dict[str, Any]

    @classmethod
    def of(cls, engine: Engine) -> RunState:
        """Return the state of an engine, which shares its arrays."""
        return cls(
            step=engine.step,
            weights=engine.network.weights,
            biases=engine.network.biases,
            optimizer_state=engine.optimizer_state,
            epoch=engine.batches.cursor.epoch,
            position=engine.batches.cursor.position,
            settings=asdict(engine.settings),
        )
