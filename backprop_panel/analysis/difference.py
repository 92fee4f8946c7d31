"""Differences between two runs, or between two steps of one run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..nn.record import StepRecord
from ..runs.run import TrainingRun
from ..settings import SettingError
from ..training.engine import Engine
from ..training.events import Changed

MOST_STEPS = 12
"""Number of steps at which two runs are compared; each may need a replay."""

NUMBERS = ("loss", "accuracy", "example_losses")
ARRAYS = (
    "pre_activations",
    "activation_slopes",
    "activations",
    "deltas",
    "activation_gradients",
    "layers",
    "layer_gradients",
    "layer_updates",
)


def subtract(ours: StepRecord, theirs: StepRecord) -> StepRecord:
    """Return one record minus another of the same shape.

    Its logits are differences, so its probabilities have no meaning.
    """
    with np.errstate(invalid="ignore"):  # of runs that have diverged
        numbers = {name: getattr(ours, name) - getattr(theirs, name) for name in NUMBERS}
        arrays = {name: _minus(getattr(ours, name), getattr(theirs, name)) for name in ARRAYS}
    return replace(ours, **numbers, **arrays)


def same_examples(ours: StepRecord, theirs: StepRecord) -> bool:
    """Tell whether two records are of the same inputs and targets, in the same order.

    The same places of two datasets hold the same examples only if their data are the same.
    """
    return np.array_equal(ours.inputs, theirs.inputs) and np.array_equal(
        ours.targets, theirs.targets
    )


def refuse_unlike(one: Engine, other: Engine) -> None:
    """Raise `SettingError` unless two engines have the same shape and the same samples."""
    if one.network.widths != other.network.widths:
        raise SettingError(
            "difference",
            f"Networks of {_shape(one)} and {_shape(other)} units have no cells in common.",
        )
    if one.data.context_length != other.data.context_length or (len(one.data) != len(other.data)):
        raise SettingError("difference", "The two runs do not learn from the same samples.")


Course = tuple[tuple[int, Any], ...]
"""The values that a setting had: the step since when, and the value, in their order."""


def differing_settings(
    one: TrainingRun, engine: Engine, other: TrainingRun, other_engine: Engine
) -> dict[str, tuple[Course, Course]]:
    """Return the settings whose courses up to two engines differ, each with both courses.

    Runs that end with the same learning rate differ if one of them began with another.
    """
    ours, theirs = _courses(one, engine), _courses(other, other_engine)
    return {
        name: (ours[name], theirs[name])
        for name in ours
        if name != "mode" and repr(ours[name]) != repr(theirs[name])
    }


def distance_over_steps(
    one: TrainingRun, other: TrainingRun, moment: Engine
) -> tuple[NDArray, NDArray]:
    """Return the distance of each layer from that of another run, at several steps.

    A run is compared with itself at one step: that of `moment`, an engine of the run. The last
    step that two runs have in common is among the steps.

    Returns
    -------
    steps : array, shape (n,)
    distances : array, shape (n, layers)
        The norm of the difference of each layer's weights, its bias included.
    """
    refuse_unlike(one.trainer.engine, other.trainer.engine)
    last = min(one.trainer.step, other.trainer.step)
    evenly = np.linspace(0, last, MOST_STEPS).round().astype(int)
    same = [moment.step] if one is other else _steps_in_common(one, other)
    steps = np.unique([*evenly, *(step for step in same if step <= last)])
    distances = []
    for step in steps.tolist():
        theirs = moment if one is other else other.replay(step).engine
        ours = one.replay(step).engine
        layers = zip(ours.network.layers, theirs.network.layers, strict=True)
        distances.append([float(np.linalg.norm(a - b)) for a, b in layers])
    return steps, np.array(distances)


def _steps_in_common(one: TrainingRun, other: TrainingRun) -> list[int]:
    """Return the last common step of two runs, if one is a fork of the other or both of a third."""
    ours, theirs = (
        {run.id: run.trainer.step} | dict([run.parent] if run.parent else [])
        for run in (one, other)
    )
    return [min(ours[run], theirs[run]) for run in ours.keys() & theirs.keys()]


def _minus(ours: tuple[NDArray, ...], theirs: tuple[NDArray, ...]) -> tuple[NDArray, ...]:
    return tuple(a - b for a, b in zip(ours, theirs, strict=True))


def _courses(run: TrainingRun, engine: Engine) -> dict[str, Course]:
    """Return the course of each setting of a run up to the step of an engine of it."""
    courses = {name: {0: value} for name, value in run.config.items()}
    for event in engine.events:
        if isinstance(event, Changed) and event.step <= engine.step:
            for name, value in event.settings.items():
                courses[name][event.step] = value
    return {name: _without_repeats(course) for name, course in courses.items()}


def _without_repeats(course: dict[int, Any]) -> Course:
    values = list(course.items())
    return tuple(
        (step, value)
        for place, (step, value) in enumerate(values)
        if not place or value != values[place - 1][1]
    )


def _shape(engine: Engine) -> str:
    return "-".join(map(str, engine.network.widths))
