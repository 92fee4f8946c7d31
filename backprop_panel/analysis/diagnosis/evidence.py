"""The evidence that the doctor judges a run by: gathered once, asked by every rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...runs.replay import ReplayedStep
from ...runs.run import TrainingRun
from ...training.checkpoints import EngineState
from ...training.events import Changed, Event, Trained
from ..checks.update_audit import Discrepancy, audit
from .moments import Moment, Probe, Scale, moments_of
from .trials import Trials

SICK_EXCESS = 0.15
"""From this excess loss on, a run has not learned what there is to learn."""

LATE = 3
"""A condition holds if it did at so many of the last moments."""

EARLIER_TRIALS = 2
"""A trial from the last change on has so many times the steps of one from the present."""

MOST_WIDER_STEPS = 2000
"""Steps of the trial of a wider network, at most."""


@dataclass(frozen=True)
class ChangedSetting:
    """A training setting that was changed.

    Attributes
    ----------
    step : int
        The steps made before.
    name : str
    before, now : object
        Its values.
    """

    step: int
    name: str
    before: Any
    now: Any

    @property
    def sentence(self) -> str:
        """What was changed, from and to what, and when."""
        return (
            f"At step {self.step:,} the setting {self.name} was changed from {self.before} to "
            f"{self.now}."
        )


def changed_settings(run: TrainingRun, events: Sequence[Event], step: int) -> list[ChangedSetting]:
    """Return which settings were changed right after a step, and have another value since."""
    changes = [event for event in events if isinstance(event, Changed)]
    before, now = dict(run.config), {}
    for event in changes:
        if event.step < step:
            before |= event.settings
        elif event.step == step:
            now |= event.settings
    return [
        ChangedSetting(step, name, before[name], value)
        for name, value in now.items()
        if before[name] != value
    ]


class Measured:
    """What was measured of a run at its steps, which later examinations need not measure again.

    It is forgotten when the past of the run is replaced, as by a reset.

    Parameters
    ----------
    run : TrainingRun
    hurried : bool
        Whether the run is trained meanwhile, so that its steps must not take long to repeat.
    """

    def __init__(self, run: TrainingRun) -> None:
        self.run, self.hurried = run, False
        self._log: list[Event] | None = None
        self._kept: dict[int, tuple[Moment, list[Discrepancy]]] = {}

    def kept(self) -> dict[int, tuple[Moment, list[Discrepancy]]]:
        """Return what was measured, by step; what is added to it is kept."""
        log = self.run.trainer.engine.events
        if self._log is not log:
            self._log, self._kept = log, {}
        return self._kept


class Evidence:
    """A run up to one of its steps.

    Parameters
    ----------
    run : TrainingRun
    step : int
        At least 1.
    measured : Measured, optional
        What earlier examinations of the run have measured.

    Attributes
    ----------
    moments : list of Moment
        What was measured at some steps, in their order.
    audits : list of (int, list of Discrepancy)
        The steps that were looked at, and what does not follow in each.
    state : EngineState
        The present state.
    """

    def __init__(self, run: TrainingRun, step: int, measured: Measured | None = None) -> None:
        self.run, self.step, self._measured = run, step, measured or Measured(run)
        self.data = run.dataset
        self.probe = Probe(run.model.initial_network(), run.dataset)
        self.moments: list[Moment] = []
        self.audits: list[tuple[int, list[Discrepancy]]] = []
        self.state: EngineState | None = None
        self._trials = Trials(run, self.probe)
        self._results: dict[tuple[object, ...], float] = {}

    def gather(self) -> Iterator[None]:
        """Visit the moments of the run that are not known yet, pausing after each."""
        kept, steps = self._measured.kept(), self._moments()
        # The state after the last step is needed, and may be changed right after it.
        missing = [step for step in steps if step not in kept or step == self.step]
        found = {step: kept[step] for step in steps if step not in missing}
        replayed = self.run.steps_again(missing)
        while True:
            with np.errstate(all="ignore"):  # not around a yield: it would be in force there too
                again = next(replayed, None)
                if again is None:
                    break
                found[again.record.step] = self._look_at(again)
            if again.record.step < self.step:
                kept[again.record.step] = found[again.record.step]
            yield
        self.moments = [found[step][0] for step in steps]
        self.audits = [(step, found[step][1]) for step in steps]

    def _moments(self) -> list[int]:
        """Return the steps to look at; of a run that goes on, those that are soon repeated.

        Most of them may as well be some steps earlier, right after a checkpoint.
        """
        steps = moments_of(self.step, self.since)
        if not self._measured.hurried:
            return steps
        checkpoints, moved = self.run.trainer.engine.checkpoints, []
        for step in steps:
            checkpoint = checkpoints.last_up_to(step - 1)
            earlier = checkpoint.step + 1 if checkpoint else 0
            before = max(self.since, moved[-1] if moved else 0)
            is_last = step > self.step - LATE
            moved.append(earlier if not is_last and earlier > before else step)
        return moved

    def _look_at(self, again: ReplayedStep) -> tuple[Moment, list[Discrepancy]]:
        """Measure and audit a step that was made again."""
        self.state = again.engine.state()
        return self.probe.measure(self.state, again.record), audit(again.record)

    @cached_property
    def events(self) -> list[Event]:
        """What was done to the run up to the step."""
        return [event for event in self.run.trainer.engine.events if event.step <= self.step]

    @cached_property
    def losses(self) -> NDArray[np.float32]:
        """The loss of each batch, shape (step,)."""
        return self.run.history["loss"][: self.step]

    @property
    def settings(self) -> dict[str, Any]:
        """The training settings in force."""
        return dict(self.state.settings)

    @property
    def scale(self) -> Scale:
        """The floor and the prior of the loss function in force."""
        return self.probe.scale(str(self.settings["loss_type"]))

    @property
    def now(self) -> Moment:
        """The last moment."""
        return self.moments[-1]

    @property
    def late(self) -> list[Moment]:
        """The last few moments, without those right before the next one."""
        apart = [
            moment
            for moment, following in zip(self.moments, [*self.moments[1:], None], strict=True)
            if following is None or following.step > moment.step + 1
        ]
        return apart[-LATE:]

    @property
    def excess(self) -> float:
        """The mean excess loss of the last moments; infinity if one is not finite."""
        excess = float(np.mean([moment.excess for moment in self.late]))
        return excess if np.isfinite(excess) else float("inf")

    @cached_property
    def trial_steps(self) -> int:
        """The number of steps of a trial."""
        return self._trials.steps(self.state)

    def trial(self, **changes: Any) -> float:
        """Return the excess loss after some further steps with settings changed."""
        return self._once(
            ("trial", *changes.items()),
            lambda: self._trials.excess(self.state, self.trial_steps, **changes),
        )

    @cached_property
    def since(self) -> int:
        """The step after which nothing was changed any more: settings, weights or what learns."""
        changes = [event.step for event in self.events if not isinstance(event, Trained)]
        return min(changes[-1], self.step) if changes else 0

    @property
    def changed(self) -> list[ChangedSetting]:
        """The settings that were changed right before the loss rose for good, if any were.

        The loss was low before them, and rose within half as many steps as it had been low for.
        """
        sick = [moment.excess >= SICK_EXCESS for moment in self.moments]
        if not sick[-1] or all(sick):
            return []
        onset = self.moments[len(sick) - sick[::-1].index(False)].step
        changes = [
            event.step
            for event in self.events
            if isinstance(event, Changed) and event.step < onset <= 1.5 * event.step
        ]
        return changed_settings(self.run, self.events, changes[-1]) if changes else []

    @property
    def fault_since(self) -> int:
        """The step after which the fault, or none, has been in force."""
        changes = [
            event.step
            for event in self.events
            if isinstance(event, Changed) and "fault" in event.settings
        ]
        return changes[-1] if changes else 0

    @property
    def first(self) -> list[Moment]:
        """The first few moments since the last change."""
        return [moment for moment in self.moments if moment.step > self.since][:LATE]

    def earlier_trial(self, **changes: Any) -> float:
        """Return the excess loss after some steps since the last change, with settings changed."""
        return self._once(
            ("earlier trial", *changes.items()),
            lambda: self._trials.excess(self._origin, self.earlier_steps, **changes),
        )

    @property
    def earlier_steps(self) -> int:
        """The number of steps of an earlier trial."""
        return min(self.step - self.since, EARLIER_TRIALS * self.trial_steps)

    @cached_property
    def _origin(self) -> EngineState:
        """The state right after the last change."""
        return self.run.replay(self.since).engine.state()

    def wider_trial(self, factor: int) -> float:
        """Return the excess loss of a wider network after as many steps, or `MOST_WIDER_STEPS`."""
        steps = min(self.step, MOST_WIDER_STEPS)
        return self._once(
            ("wider trial", factor), lambda: self._trials.wider(self.state, steps, factor)
        )

    def _once(self, key: tuple[object, ...], measure: Callable[[], float]) -> float:
        if key not in self._results:
            self._results[key] = measure()
        return self._results[key]
