"""The comparison of runs: which of them the loss curves and the table of runs show as compared."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import param

from ...runs.current_run import can_load
from ...runs.run import TrainingRun
from .session import Session

MOST_BY_ITSELF = 24
"""Runs that are compared unasked: more curves can be told apart neither by colour nor by dashes."""


class Comparison(param.Parameterized):
    """The runs that are compared, and a number for each.

    Every view draws a run in the colour of its number. Runs are compared unless they are hidden;
    those that come where `MOST_BY_ITSELF` are compared already, the oldest first, begin hidden.
    """

    session = param.ClassSelector(class_=Session, constant=True)
    hidden = param.List([], item_type=str, doc="The ids of the runs that are not compared.")

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self._numbers: dict[str, int] = {}
        self._met: set[str] = set()
        session.manager.param.watch(self._hide_beyond_most, "runs")
        self._hide_beyond_most()

    def runs(self) -> list[TrainingRun]:
        """Return the compared runs, and load them; the run on the page is always one of them."""
        return [run for run in self.listed() if can_load(run)]

    def listed(self) -> list[TrainingRun]:
        """Return the runs to compare; load none."""
        shown = self.session.run
        hidden = set(self.hidden)
        return [run for run in self.session.manager.runs if run is shown or run.id not in hidden]

    def _hide_beyond_most(self, *events: param.parameterized.Event) -> None:
        ids = [run.id for run in self.session.manager.runs]
        new = [run_id for run_id in ids if run_id not in self._met]
        room = MOST_BY_ITSELF - len(self._met.intersection(ids).difference(self.hidden))
        self._met.update(new)
        if beyond := new[: max(0, len(new) - max(0, room))]:
            self.hidden = [*self.hidden, *beyond]

    def branches(self) -> dict[TrainingRun, int]:
        """Return the compared runs, each with the step up to which its parent's curve is its own.

        The step is 0 for a run that is no fork, and for a fork of a run that is not compared, or
        that was reset and trained otherwise since.
        """
        runs = self.runs()
        compared = {run.id: run for run in runs}
        return {run: _shared_steps(run, compared) for run in runs}

    def number(self, run: TrainingRun) -> int:
        """Return the number of a run: 0 for the first that was asked for, then 1, and so on."""
        return self._numbers.setdefault(run.id, len(self._numbers))


def _shared_steps(run: TrainingRun, compared: Mapping[str, TrainingRun]) -> int:
    """Return how many steps a run shares with its parent, 0 if that is not among `compared`."""
    parent_id, step = run.parent or ("", 0)
    if parent_id not in compared or not step:
        return 0
    theirs, ours = (each.history["loss"][:step] for each in (compared[parent_id], run))
    return step if np.array_equal(theirs, ours, equal_nan=True) else 0
