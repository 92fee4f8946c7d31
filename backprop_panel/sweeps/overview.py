"""What is known of a sweep: how far its runs are, and which are the best."""

from __future__ import annotations

from math import isfinite

from ..plain_values import plain
from ..settings import SettingError, checked_whole, shown
from .plan import Plan
from .results import Measure, ranked
from .trial import FAILED, FINISHED, RUNNING, STOPPED, WAITING, Trial


class Overview:
    """A plan and those of its runs that have begun.

    Attributes
    ----------
    plan : Plan
    trials : dict of int to Trial
        The runs that have begun, by their numbers.
    """

    plan: Plan
    trials: dict[int, Trial]

    @property
    def begun(self) -> list[Trial]:
        """The runs that have begun, whichever thread asks."""
        return list(self.trials.values())

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to train, runs that were stopped by halving aside."""
        counts = self.counts
        return not counts[WAITING] and not counts[RUNNING]

    @property
    def counts(self) -> dict[str, int]:
        """The number of runs in each state."""
        counts = dict.fromkeys((WAITING, RUNNING, FINISHED, FAILED, STOPPED), 0)
        for trial in self.begun:
            counts[trial.status] += 1
        counts[WAITING] += self.plan.runs - len(self.trials)
        return counts

    @property
    def progress(self) -> float:
        """The share of the whole budget that is used, from 0 to 1; failed runs count as done."""
        done = sum(map(self._share, self.begun))
        return done / self.plan.runs

    def best(self, count: int = 5) -> list[Trial]:
        """Return the runs with the lowest finite loss, the objective of the plan, best first.

        Raises
        ------
        SettingError
            If the count is no whole number of at least 1.
        """
        count = checked_whole("count", count, least=1)
        order = ranked(self.begun, Measure(self.plan.objective))
        return [trial for trial in order if isfinite(trial.ranking(self.plan.objective))][:count]

    def __repr__(self) -> str:
        """Return how far it is, and its best run."""
        counts = ", ".join(f"{count} {state}" for state, count in self.counts.items() if count)
        best = ""
        for trial in self.best(1):
            settings = {name: trial.settings[name] for name in self.plan.varied}
            loss = trial.ranking(self.plan.objective)
            best = f"; best {self.plan.objective} {loss:.4g}: {trial.name!r} with {settings}"
        return f"<Sweep {self.plan.name!r}: {counts}{best}>"

    def named(self, which: int | str) -> Trial:
        """Return the run of a name, or of the number in its name."""
        for trial in self.begun:
            if plain(which) in (trial.number + 1, trial.name):
                return trial
        raise SettingError(
            "which",
            f"No run {shown(which)} of the sweep has begun: they are numbered 1 to "
            f"{self.plan.runs:,}, and {len(self.trials):,} of them have begun.",
        )

    def _share(self, trial: Trial) -> float:
        if trial.status in (FINISHED, FAILED, STOPPED):
            return 1.0
        done = trial.epoch if self.plan.unit == "epochs" else trial.step
        return min(done / self.plan.amount, 1.0)
