"""What the doctor finds in the runs of a sweep that failed or did badly, in the background."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite

import param

from ...analysis.background import Background
from ...analysis.diagnosis.doctor import examine
from ...runs.run import TrainingRun
from ...settings import SettingError
from ...sweeps.trial import FAILED, FINISHED, STOPPED, Trial
from .sweep_choice import SweepChoice

MOST_EXAMINED = 24
"""The most runs that are examined: those that failed, then the worst."""

Found = tuple[int, str]


class SweepFindings(param.Parameterized):
    """The first finding of each examined run, by its number; empty for a sound one."""

    choice = param.ClassSelector(class_=SweepChoice, constant=True)
    texts = param.Dict({}, doc="Sentences by the numbers of the runs.")

    def __init__(self, choice: SweepChoice) -> None:
        super().__init__(choice=choice)
        self._background: Background[list[Found]] | None = None
        self._of = ""
        self._sweep = choice.work.sweep

    @property
    def running(self) -> bool:
        """Whether an examination is under way."""
        return self._background is not None and not self._background.done

    def examine_at_rest(self) -> None:
        """Examine the runs once the sweep rests, and take what was found."""
        sweep = self.choice.work.sweep
        if sweep is not self._sweep:  # the numbers are those of other runs
            self.stop()
            self._sweep, self._background, self.texts = sweep, None, {}
        if self._background is not None:
            if (found := self._background.take()) is not None:
                self.texts = self.texts | dict(found)
        if sweep is None or sweep.running or sweep.run_elsewhere:
            return
        state = f"{sweep.id} {sweep.counts}"
        if state != self._of and not self.running:
            self._of = state
            self._background = Background(self._examined(self._sick()))
            self._background.start()

    def stop(self) -> None:
        """Stop examining; `follow` goes on."""
        if self._background is not None:
            self._background.stop()

    def _sick(self) -> list[Trial]:
        """Return the runs to be examined: failed ones, then the worst half."""
        trials = [t for t in self.choice.work.trials() if t.number not in self.texts]
        failed = [trial for trial in trials if trial.status == FAILED and trial.step]
        ended = [trial for trial in trials if trial.status in (FINISHED, STOPPED)]
        ended = [trial for trial in ended if isfinite(trial.score.loss)]
        worst = sorted(ended, key=lambda trial: -trial.score.loss)
        return [*failed, *worst[: (len(worst) + 1) // 2]][:MOST_EXAMINED]

    def _examined(self, trials: list[Trial]) -> Iterator[list[Found]]:
        found: list[Found] = []
        sweep = self.choice.work.sweep
        for trial in trials:
            try:
                stored = sweep.open(trial)
                # A copy: the run of the manager may be trained meanwhile.
                run = TrainingRun(stored.name, stored.config, stored.id)
                run.adopt(stored.trainer.engine)
                findings = []
                for findings in examine(run):  # noqa: B007 - the last ones are complete
                    yield list(found)
            except SettingError as error:
                found.append((trial.number, str(error)))
                continue
            sick = [each for each in findings if each.is_fault]
            found.append((trial.number, sick[0].sentence if sick else ""))
            yield list(found)
