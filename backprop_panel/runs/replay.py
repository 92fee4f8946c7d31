"""Replay: the engine of a run at an earlier step, from its configuration and events."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..nn.record import StepRecord
from ..training.checkpoints import EngineState
from ..training.engine import Engine
from ..training.event_log import Event, Trained, repeat_events
from ..training.trainer import SETTING_NAMES
from ..training.training_settings import TrainingSettings

if TYPE_CHECKING:
    from .run import TrainingRun

ROUNDED_DIFFERENTLY = (
    "another version of this program, or another machine, trained it and rounded differently."
)


class Replay(NamedTuple):
    """The engine of a run at an earlier step.

    Attributes
    ----------
    engine : Engine
    deviation : str
        How the replay differs from the record of the run, empty if it does not: the matrix
        library of another machine may round differently.
    """

    engine: Engine
    deviation: str


class ReplayedStep(NamedTuple):
    """The engine of a run at an earlier step, and the record of that step.

    Attributes
    ----------
    engine : Engine
    record : StepRecord
    deviation : str
        As in `Replay`.
    """

    engine: Engine
    record: StepRecord
    deviation: str


def initial_engine(run: TrainingRun) -> Engine:
    """Return a new engine in the initial state of a run."""
    settings = TrainingSettings(**{name: run.config[name] for name in SETTING_NAMES})
    return Engine(run.model.initial_network(), run.dataset, settings)


def replay_to(run: TrainingRun, step: int) -> Replay:
    """Replay a run to a step that it has reached; see `TrainingRun.replay`."""
    present = run.trainer.engine
    engine = initial_engine(run)
    engine.tensors = dict(present.tensors)
    events = list(present.events)
    if checkpoint := present.checkpoints.before(step):
        events = _start_from(checkpoint, engine, present, events)
    start = engine.step
    repeat_events(events, engine, step)
    deviation = _differing_losses(run, engine, start)
    if engine.step == present.step and _differs(engine, present):
        engine.restore(present.state())
        deviation = deviation or (
            f"Repeating {run.name!r} up to step {engine.step} gives a state other than its own: "
            f"{ROUNDED_DIFFERENTLY}"
        )
    return Replay(engine, deviation)


def replay_step(run: TrainingRun, step: int) -> ReplayedStep:
    """Repeat a step that the run has reached; see `TrainingRun.step_again`."""
    if step == 0:
        engine, deviation = replay_to(run, 0)
        return ReplayedStep(engine, engine.look(), deviation)
    events = list(run.trainer.engine.events)
    size = next(
        event.size for event in reversed(events) if isinstance(event, Trained) and event.step < step
    )
    engine, deviation = replay_to(run, step - 1)
    record = engine.observe(size)
    repeat_events([event for event in events if event.step == step], engine, step)
    return ReplayedStep(engine, record, deviation)


def _start_from(
    checkpoint: EngineState, engine: Engine, present: Engine, events: list[Event]
) -> list[Event]:
    """Bring a new engine and its log to a checkpoint; return the remaining events."""
    engine.restore(checkpoint)
    engine.history.restore(present.history, checkpoint.step)
    engine.checkpoints = present.checkpoints.up_to(checkpoint.step)
    # The last event of the checkpoint may have grown after it.
    done = checkpoint.events - 1
    engine.events = deepcopy(events[:done])
    last = events[done]
    if not isinstance(last, Trained):
        engine.events.append(last)
        return events[done + 1 :]
    engine.events.append(Trained(last.step, last.size, checkpoint.step - last.step))
    return events[done:]


def _differing_losses(run: TrainingRun, engine: Engine, start: int) -> str:
    """Return how the losses since a step differ from the recorded ones; empty if they do not."""
    recorded = run.history["loss"][start : engine.step]
    replayed = engine.history["loss"][start : engine.step]
    differing = np.flatnonzero(~np.isclose(replayed, recorded, rtol=0, atol=0, equal_nan=True))
    if not len(differing):
        return ""
    largest = np.nanmax(np.abs(replayed[differing] - recorded[differing]), initial=0)
    return (
        f"From step {start + 1 + differing[0]} on, repeating {run.name!r} gives losses other "
        f"than the recorded ones, by up to {largest:.2g}: {ROUNDED_DIFFERENTLY}"
    )


def _differs(engine: Engine, present: Engine) -> bool:
    return engine.state().digest() != present.state().digest()
