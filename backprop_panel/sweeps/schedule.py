"""The schedule of a sweep: which run is trained next, and to which budget."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from math import isfinite
from typing import NamedTuple

from .halving import Halving, rungs
from .plan import Plan
from .sampling import OptunaSampler
from .trial import FAILED, FINISHED, STOPPED, WAITING, Trial


class Assignment(NamedTuple):
    """A run to be trained up to a rung, the number of a budget in `Schedule.rungs`."""

    trial: Trial
    rung: int


class Schedule:
    """Hands out runs: those that were given back first, then promoted ones, then new ones.

    Parameters
    ----------
    plan : Plan
    trials : dict of int to Trial
        The runs that have begun; new ones are added.
    run_id : callable
        Returns the id of the run of a number.
    """

    def __init__(self, plan: Plan, trials: dict[int, Trial], run_id: Callable[[int], str]) -> None:
        self.plan, self.trials = plan, trials
        self._run_id = run_id
        self.rungs = rungs(plan)
        self._halving = Halving(self.rungs, plan.halving or 2)
        self._sampler = OptunaSampler(plan) if plan.is_adaptive else None
        self._again: deque[Assignment] = deque()
        self._next = 0
        for trial in trials.values():
            self._recall(trial)

    def try_sampler(self) -> None:
        """Refuse a sampler of Optuna that cannot work here; see `OptunaSampler.try_out`.

        Raises
        ------
        SettingError
        """
        if self._sampler is not None:
            self._sampler.try_out()

    def next(self) -> Assignment | None:
        """Return what to train next; None if there is nothing now."""
        if self._again:
            return self._again.popleft()
        if promoted := self._halving.promote():
            number, rung = promoted
            return Assignment(self.trials[number], rung)
        while self._next in self.trials:
            self._next += 1
        if self._next >= self.plan.runs:
            return None
        trial = self._new(self._next)
        self.trials[trial.number] = trial
        return Assignment(trial, 0)

    def give_back(self, assignment: Assignment) -> None:
        """Take back a run that has not come to its rung; it is handed out first."""
        self._again.append(assignment)

    def reached(self, assignment: Assignment) -> None:
        """Note that a run has come to its rung; it is finished at the last one."""
        trial, rung = assignment
        score = trial.score.value(self.plan.objective)
        trial.rung_scores.append(score)
        self._halving.reached(trial.number, rung, score)
        trial.status = FINISHED if rung == len(self.rungs) - 1 else STOPPED
        self._tell(trial)

    def failed(self, trial: Trial) -> None:
        """Note that a run has failed."""
        trial.status = FAILED
        self._tell(trial)

    def resume_stopped(self) -> None:
        """Train on all runs that successive halving stopped, to the whole budget."""
        last = len(self.rungs) - 1
        for trial in self.trials.values():
            if trial.status == STOPPED:
                trial.status = WAITING
                for rung in range(last):
                    self._halving.promoted_before(trial.number, rung)
                self._again.append(Assignment(trial, last))

    def _recall(self, trial: Trial) -> None:
        """Take in a run of an earlier process."""
        for rung, score in enumerate(trial.rung_scores):
            self._halving.reached(trial.number, rung, score)
            if rung:
                self._halving.promoted_before(trial.number, rung - 1)
        if trial.status == WAITING:
            rung = len(trial.rung_scores)
            if rung:
                self._halving.promoted_before(trial.number, rung - 1)
            self._again.append(Assignment(trial, min(rung, len(self.rungs) - 1)))
        elif trial.status in (FINISHED, FAILED):
            self._tell(trial)

    def _new(self, number: int) -> Trial:
        combination, seed = self.plan.place(number)
        settings = self._settings(combination)
        name = self.plan.run_name(number)
        return Trial(number, self._run_id(number), name, {**settings, "seed": seed})

    def _settings(self, combination: int) -> dict[str, object]:
        if self._sampler is None:
            return self.plan.settings(combination)
        others = self._seeds_of(combination)
        if others:
            return {name: others[0].settings[name] for name in self.plan.ranges}
        return self._sampler.ask(combination)

    def _tell(self, trial: Trial) -> None:
        """Tell the sampler the mean score of a combination, once all its seeds have ended."""
        if self._sampler is None:
            return
        combination, _ = self.plan.place(trial.number)
        seeds = self._seeds_of(combination)
        ended = [each for each in seeds if each.status in (FINISHED, FAILED, STOPPED)]
        if len(ended) == len(self.plan.seeds):
            scores = [each.ranking(self.plan.objective) for each in ended]
            mean = sum(scores) / len(scores)
            settings = {name: trial.settings[name] for name in self.plan.ranges}
            self._sampler.tell(combination, settings, mean if isfinite(mean) else None)

    def _seeds_of(self, combination: int) -> list[Trial]:
        first = combination * len(self.plan.seeds)
        numbers = range(first, first + len(self.plan.seeds))
        return [self.trials[number] for number in numbers if number in self.trials]
