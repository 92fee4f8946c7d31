"""Which mistake of the fault lab gives the numbers of a record."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ...data.batch_loader import BatchLoader
from ...nn.faults import FAULTS
from ...nn.optimizers import OptimizerState
from ...nn.record import StepRecord
from ...runs.run import TrainingRun
from ...settings import SettingError
from ...training.checkpoints import EngineState
from ...training.fault_checks import refuse_idle_fault
from ...training.step_computation import StepComputation
from ...training.training_settings import TrainingSettings
from ..recomputation import flat

SAME = 1e-3
"""Largest difference between two equal arrays, relative to their largest number."""


def likely_fault(run: TrainingRun, record: StepRecord, previous: StepRecord | None) -> str | None:
    """Return the fault with which a step gives just the numbers of its record; None if none does.

    The step is made again with each fault in turn.

    Parameters
    ----------
    run : TrainingRun
    record : StepRecord
        One whose numbers are wrong.
    previous : StepRecord or None
        The step before: two faults take numbers from it.
    """
    for key in FAULTS:
        try:
            again = _again(run, record, previous, key)
        except SettingError:  # it could change nothing in this run
            continue
        if all(_same(*pair) for pair in _pairs(again, record)):
            return key
    return None


def _again(
    run: TrainingRun, record: StepRecord, previous: StepRecord | None, fault: str
) -> dict[str, object]:
    """Return the values of a step made again with a fault, named as in `StepRecord`."""
    network, data = run.model.initial_network(), run.dataset
    settings = TrainingSettings(**{**record.settings, "fault": fault})
    refuse_idle_fault(settings, network, len(data))
    computation = StepComputation(network, settings)
    computation.restore(_state_before(record, settings, _memory(previous, fault)))
    block = BatchLoader(data).block(record.samples[np.newaxis])
    with np.errstate(all="ignore"):
        return computation.recorded(block, updating=record.updated)


def _state_before(
    record: StepRecord, settings: TrainingSettings, memory: NDArray | None
) -> EngineState:
    parameters = flat(record.layers)
    moments = {name: flat(arrays) for name, arrays in record.moments.items()}
    optimizer = OptimizerState.resumed(moments, parameters, record.optimizer_steps)
    return EngineState(
        step=record.step - record.updated,
        epoch=record.epoch,
        position=0,
        events=0,
        settings=vars(settings),
        frozen=record.frozen,
        frozen_parts=record.frozen_parts,
        silenced=record.silenced,
        parameters=parameters,
        optimizers={str(record.settings["optimizer"]): optimizer},
        fault_memory=memory,
    )


def _memory(previous: StepRecord | None, fault: str) -> NDArray | None:
    """Return what a fault takes from the step before."""
    if previous is None:
        return None
    if fault == "accumulated_gradients":
        return flat(previous.layer_gradients)
    if fault == "stale_activations":
        return flat([level.T for level in previous.activations[:-1]])
    return None


def _pairs(again: dict[str, object], record: StepRecord) -> Iterator[tuple[NDArray, NDArray]]:
    """Yield each array of a step made again beside that of the record."""
    yield np.array(again["loss"]), np.array(record.loss)
    yield np.asarray(again["example_losses"]), record.example_losses
    for name in ("deltas", "layer_gradients", "layer_updates"):
        yield from zip(again[name], getattr(record, name), strict=True)


def _same(one: NDArray, other: NDArray) -> bool:
    largest = max(np.abs(one).max(initial=0), np.abs(other).max(initial=0))
    return bool(np.abs(one - other).max(initial=0) <= SAME * largest)
