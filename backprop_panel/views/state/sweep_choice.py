"""What a page shows of its sweep: by which loss, how many of the runs, and which are brushed."""

from __future__ import annotations

import param

from ...sweeps.results import Measure, best_share
from ...sweeps.trial import Trial
from .sweep_work import SweepWork

MEASURES = {"Training loss": "loss", "Validation loss": "validation_loss"}


class SweepChoice(param.Parameterized):
    """How the results of a sweep are looked at."""

    work = param.ClassSelector(class_=SweepWork, constant=True)
    objective = param.Selector(
        default="loss", objects=MEASURES, label="Compare by", doc="By which loss runs are ranked."
    )
    lowest = param.Boolean(
        False,
        label="Lowest loss, not the last one",
        doc="Whether the lowest loss of a run counts, and not its last one.",
    )
    percent = param.Integer(
        100,
        bounds=(1, 100),
        label="Show only the best",
        doc="The per cent of runs shown.",
    )
    log_loss = param.Boolean(True, label="Log loss", doc="Whether the loss has a log axis.")
    log_steps = param.Boolean(False, label="Log steps", doc="Whether the steps have a log axis.")
    means = param.Boolean(
        True, label="Mean and band over seeds", doc="Whether runs of one configuration are one."
    )
    brushes = param.Dict({}, doc="By setting, the lowest and highest place on its axis.")

    def __init__(self, work: SweepWork) -> None:
        super().__init__(work=work)

    @property
    def measure(self) -> Measure:
        """By which number runs are compared."""
        return Measure(self.objective, self.lowest)

    def best(self) -> list[Trial]:
        """Return the runs that are drawn."""
        return best_share(self.work.trials(), self.measure, self.percent)
