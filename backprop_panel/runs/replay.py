"""Replay: an engine as a run's was at an earlier step, made from the run's beginning and events."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..nn.record import StepRecord
from ..training.checkpoints import EngineState
from ..training.engine import Engine, TrainingSettings
from ..training.event_log import Event, Trained, do_again
from ..training.trainer import SETTING_NAMES

if TYPE_CHECKING:
    from .run import TrainingRun

ROUNDED_DIFFERENTLY = (
    "another version of this program, or another machine, trained it and rounded differently."
)


class Replay(NamedTuple):
    """An engine that was brought to an earlier step of a run.

    Attributes
    ----------
    engine : Engine
    deviation : str
        How the replay differs from what the run recorded, empty if it does not: the matrix
        library of another machine may round differently.
    """

    engine: Engine
    deviation: str


class ReplayedStep(NamedTuple):
    """An engine that was brought to an earlier step of a run, and the record of that step.

    Attributes
    ----------
    engine : Engine
    record : StepRecord
    deviation : str
        As of `Replay`.
    """

    engine: Engine
    record: StepRecord
    deviation: str


def initial_engine(run: TrainingRun) -> Engine:
    """Return an engine in the state in which the run's began."""
    settings = TrainingSettings(**{name: run.config[name] for name in SETTING_NAMES})
    return Engine(run.model.initial_network(), run.dataset, settings)


def replay_to(run: TrainingRun, step: int) -> Replay:
    """Return the engine that `TrainingRun.replay` describes; the run has come to `step`."""
    present = run.trainer.engine
    engine = initial_engine(run)
    engine.tensors = dict(present.tensors)
    events = list(present.events)
    if checkpoint := present.checkpoints.before(step):
        events = _start_from(checkpoint, engine, present, events)
    start = engine.step
    do_again(events, engine, step)
    deviation = _differing_losses(run, engine, start)
    if engine.step == present.step and _differs(engine, present):
        engine.restore(present.state())
        deviation = deviation or (
            f"Repeating {run.name!r} up to step {engine.step} gives a state other than its own: "
            f"{ROUNDED_DIFFERENTLY}"
        )
    return Replay(engine, deviation)


def replay_step(run: TrainingRun, step: int) -> ReplayedStep:
    """Return what `TrainingRun.step_again` describes; the run has come to `step`."""
    if step == 0:
        engine, deviation = replay_to(run, 0)
        return ReplayedStep(engine, engine.look(), deviation)
    events = list(run.trainer.engine.events)
    size = next(
        event.size for event in reversed(events) if isinstance(event, Trained) and event.step < step
    )
    engine, deviation = replay_to(run, step - 1)
    record = engine.observe(size)
    do_again([event for event in events if event.step == step], engine, step)
    return ReplayedStep(engine, record, deviation)


def _start_from(
    checkpoint: EngineState, engine: Engine, present: Engine, events: list[Event]
) -> list[Event]:
    """Bring a fresh engine and its log to a checkpoint; return the events that are left to do."""
    engine.restore(checkpoint)
    engine.history.restore(present.history, checkpoint.step)
    engine.checkpoints = present.checkpoints.up_to(checkpoint.step)
    # The last event of the checkpoint may have gone on after it.
    done = checkpoint.events - 1
    engine.events = deepcopy(events[:done])
    last = events[done]
    if not isinstance(last, Trained):
        engine.events.append(last)
        return events[done + 1 :]
    engine.events.append(Trained(last.step, last.size, checkpoint.step - last.step))
    return events[done:]


def _differing_losses(run: TrainingRun, engine: Engine, start: int) -> str:
    """Say where the replayed losses differ from the recorded ones since a step; or nothing."""
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
