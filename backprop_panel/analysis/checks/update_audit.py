"""Update audit: whether each number of a record follows from those that stand before it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np

from ...nn.record import StepRecord
from ...runs.run import TrainingRun
from ...settings import refuse_other
from ..recomputation import activation_named
from ..record_cell import RecordCell
from .claims import Claim, claims_of_pass
from .update_claims import claims_of_update


@dataclass(frozen=True)
class Discrepancy:
    """A quantity of a record that does not follow from what stands before it.

    Attributes
    ----------
    quantity, layer, index : str, int or None, tuple of int
        The number that is farthest off, as `explain` takes it: the inputs are ``"activations"`` of
        layer 0, and the loss of an example is ``"loss"`` with an index. ``"accuracy"`` has neither
        layer nor index.
    expected : float
        What follows, computed in float64.
    found : float
        What the record holds.
    """

    quantity: str
    layer: int | None
    index: tuple[int, ...]
    expected: float
    found: float

    @property
    def cell(self) -> RecordCell | None:
        """The number as a cell of the record; None for the accuracy, which is none."""
        if self.quantity == "accuracy":
            return None
        return RecordCell(self.quantity, self.layer, self.index)

    def name(self, record: StepRecord) -> str:
        """Return the number's name on the map, such as ``δ2[0, 3]``."""
        return self.cell.name(record) if self.cell else self.quantity


@dataclass(frozen=True)
class IntervalAudit:
    """What the audit of a run found in one interval between two of its checkpoints.

    Attributes
    ----------
    start, end : int
        The interval is repeated from the state after step `start`, and the record of step `end` is
        audited.
    discrepancies : list of Discrepancy
    deviation : str
        How the repeated losses differ from the recorded ones; empty if they do not.
    """

    start: int
    end: int
    discrepancies: list[Discrepancy]
    deviation: str


def audit(record: StepRecord) -> list[Discrepancy]:
    """Return the quantities of a record that do not follow from what stands before them.

    Each is computed again, by the plain equations of `nn.reference` in float64, from the recorded
    numbers that it follows from, and compared within the rounding of float32. So an error is named
    once, and not again in all that follows from it. Moments are taken as given: a wrong one shows
    in the update, or in the record of the step before.

    Returns
    -------
    discrepancies : list of Discrepancy
        One for each array, in the order of computation: inputs; z, a and φ′(z) layer by layer;
        losses and accuracy; deltas and gradients from the last layer to the first; updates. Empty
        for a sound record.

    Raises
    ------
    SettingError
        If the record does not say which loss, optimizer or activations it was made with, or lacks
        what the optimizer remembered.
    """
    return list(discrepancies(record))


def follows(record: StepRecord, cell: RecordCell) -> bool:
    """Return whether a number follows from those before it, within the rounding of float32."""
    of_cell = cell.quantity, cell.layer, len(cell.index)
    for claim in chain(claims_of_pass(record), claims_of_update(record)):
        if (claim.quantity, claim.layer, np.ndim(claim.found)) == of_cell:
            with np.errstate(all="ignore"):
                return bool(claim.excess()[cell.index] <= 1)
    return True


def discrepancies(record: StepRecord) -> Iterator[Discrepancy]:
    """Yield what `audit` returns, each as soon as it is found."""
    yield from filter(None, auditing(record))


def auditing(record: StepRecord) -> Iterator[Discrepancy | None]:
    """Audit array by array: yield a discrepancy, or None for an array that follows."""
    refuse_other("record", record, StepRecord)
    for name in record.activation_names:
        activation_named(name)
    claims = chain(claims_of_pass(record), claims_of_update(record))
    while True:
        with np.errstate(all="ignore"):
            claim = next(claims, None)
            if claim is None:
                return
            found = _discrepancy(claim)
        yield found


def audit_run(run: TrainingRun) -> Iterator[IntervalAudit]:
    """Audit a run: repeat each interval between two checkpoints, and audit its last step.

    Yields
    ------
    interval : IntervalAudit
        From the first to the last; each takes about as long as its training took. None if the
        run has made no step.
    """
    refuse_other("run", run, TrainingRun)
    ends = interval_ends(run)
    for start, end in zip([0, *ends], ends, strict=False):
        _, record, deviation = run.step_again(end)
        yield IntervalAudit(start, end, audit(record), deviation)


def interval_ends(run: TrainingRun) -> list[int]:
    """Return the last step of each interval that `audit_run` audits."""
    last = run.trainer.step
    steps = [*(state.step for state in run.trainer.engine.checkpoints.states), last]
    return sorted({step for step in steps if 0 < step <= last})


def _discrepancy(claim: Claim) -> Discrepancy | None:
    excess = claim.excess()
    if not (excess > 1).any():
        return None
    index = np.unravel_index(np.argmax(excess), excess.shape)
    expected = np.broadcast_to(claim.expected, excess.shape)[index]
    return Discrepancy(
        *(claim.quantity, claim.layer, tuple(int(place) for place in index)),
        *(float(expected), float(claim.found[index])),
    )
