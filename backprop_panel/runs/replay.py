"""Replay: the engine of a run at an earlier step, from its configuration and events."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..nn.record import StepRecord
from ..settings import SettingError, shown
from ..training.checkpoints import EngineState
from ..training.engine import Engine
from ..training.event_log import repeat_events
from ..training.events import Event, Trained
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
        How the replay differs from the record of the run; empty if it does not. The matrix
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


def impossible_change(run: TrainingRun) -> str:
    """Return which logged change of a run cannot be repeated, and why; empty if all can.

    Nothing is trained: whether a change is possible depends on the network's shape and the
    settings alone.
    """
    engine = initial_engine(run)
    engine.tensors = dict(run.trainer.engine.tensors)
    changes = [each for each in run.trainer.engine.events if not isinstance(each, Trained)]
    try:
        repeat_events(changes, engine, sys.maxsize)
    except SettingError as error:
        return str(error)
    return ""


def replay_to(run: TrainingRun, step: int) -> Replay:
    """Replay a run to a step that it has reached; see `TrainingRun.replay`."""
    with _of_one_past(run, run.trainer.engine.events):
        return _replay_to(run, step)


def _replay_to(run: TrainingRun, step: int) -> Replay:
    present = run.trainer.engine
    engine = initial_engine(run)
    engine.tensors = dict(present.tensors)
    engine.measuring, engine.health = False, present.health.up_to(step)
    events = list(present.events)
    if checkpoint := present.checkpoints.last_up_to(step):
        events = _start_from(checkpoint, engine, present, events)
    start = engine.step
    repeat_events(events, engine, step)
    deviation = _differing_losses(run, engine, start)
    if engine.step == present.step and _differs(engine, present):
        engine.restore(present.state())
        deviation = deviation or (
            f"Repeating {shown(run.name)} up to step {engine.step} gives a state other than its "
            f"own: {ROUNDED_DIFFERENTLY}"
        )
    return Replay(engine, deviation)


def replay_step(run: TrainingRun, step: int) -> ReplayedStep:
    """Repeat a step that the run has reached; see `TrainingRun.step_again`."""
    with _of_one_past(run, run.trainer.engine.events):
        if step == 0:
            engine, deviation = _replay_to(run, 0)
            return ReplayedStep(engine, engine.look(), deviation)
        events = list(run.trainer.engine.events)
        engine, deviation = _replay_to(run, step - 1)
        record = _record_again(engine, events, step)
        engine.health = run.trainer.engine.health.up_to(step)
        return ReplayedStep(engine, record, deviation)


def replay_steps(run: TrainingRun, steps: Iterable[int]) -> Iterator[ReplayedStep]:
    """Repeat a run once, and yield its engine and record at some steps, each above the one before.

    The engine that is yielded goes on to the next step, and must not be changed. Between two steps
    that are far apart, a checkpoint of the run shortens the way.
    """
    # The log is taken now, as the past may be replaced before the first step is asked for.
    return _replay_steps(run, steps, run.trainer.engine.events)


def _replay_steps(
    run: TrainingRun, steps: Iterable[int], log: list[Event]
) -> Iterator[ReplayedStep]:
    engine = initial_engine(run)
    engine.measuring = False
    for step in steps:
        with _of_one_past(run, log):
            replayed = _replay_on(run, engine, step)
        yield replayed


def _replay_on(run: TrainingRun, engine: Engine, step: int) -> ReplayedStep:
    """Bring an engine that repeats a run to a later step of it."""
    present = run.trainer.engine
    engine.tensors = dict(present.tensors)
    events = list(present.events)
    remaining = _not_repeated(events, engine.events)
    checkpoint = present.checkpoints.last_up_to(step - 1)
    if checkpoint and checkpoint.step > engine.step:
        remaining = _start_from(checkpoint, engine, present, events)
    repeat_events(remaining, engine, step - 1)
    record = _record_again(engine, events, step)
    return ReplayedStep(engine, record, _differing_losses(run, engine, step - 1))


@contextmanager
def _of_one_past(run: TrainingRun, log: list[Event]) -> Iterator[None]:
    """Refuse what was read while the run's past was replaced, as by a reset in another window.

    A run that is trained meanwhile keeps its list of events; one with another past has another.
    """
    engine = run.trainer.engine
    try:
        yield
    except Exception:
        if engine.events is log:
            raise
    if engine.events is not log:
        raise SettingError(
            "step",
            f"The past of {shown(run.name)} was replaced while it was repeated, as by a reset in "
            "another window: nothing is known of the step that was asked for.",
        ) from None


def _not_repeated(events: list[Event], done: list[Event]) -> list[Event]:
    """Return the events after those in another log, whose last one may go on."""
    goes_on = bool(done) and isinstance(done[-1], Trained)
    return events[len(done) - goes_on :]


def _record_again(engine: Engine, events: list[Event], step: int) -> StepRecord:
    """Repeat a step of a log with an engine that is just before it, and what was done after it."""
    size = next(
        event.size for event in reversed(events) if isinstance(event, Trained) and event.step < step
    )
    record = engine.record_step(size)
    repeat_events([event for event in events if event.step == step], engine, step)
    return record


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
        f"From step {start + 1 + differing[0]} on, repeating {shown(run.name)} gives losses other "
        f"than the recorded ones, by up to {largest:.2g}: {ROUNDED_DIFFERENTLY}"
    )


def _differs(engine: Engine, present: Engine) -> bool:
    return engine.state().digest() != present.state().digest()
