"""Findings: what the doctor says of a run, and the kinds that there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..record_cell import RecordCell

SICK, WARNING, NOTE = "sick", "warning", "note"

FACT = "follows from the numbers of the run"
TRIAL = "confirmed by a trial"
SYMPTOM = "seen at several moments"

NOT_JUDGED = "not_judged"
"""The kind of what the doctor could not judge."""


@dataclass(frozen=True)
class Kind:
    """A kind of finding.

    Attributes
    ----------
    label : str
        A few words for a heading.
    severity : str
        ``"sick"``: the run does not learn as it should, or computes wrong numbers; ``"warning"``:
        it learns less well than it could; ``"note"``: nothing is wrong, but it is worth knowing.
    meaning : str
        One sentence of what it is.
    basis : str
        How it is known: `FACT`, `TRIAL` or `SYMPTOM`.
    """

    label: str
    severity: str
    meaning: str
    basis: str = FACT


FINDINGS: dict[str, Kind] = {
    "wrong_loss": Kind(
        "Wrong loss", SICK, "The loss does not follow from the logits and the targets."
    ),
    "wrong_gradients": Kind(
        "Wrong gradients", SICK, "The gradients are not the derivatives of the loss."
    ),
    "wrong_update": Kind(
        "Wrong update", SICK, "The update does not follow from the gradients and the optimizer."
    ),
    "symmetric_units": Kind(
        "Symmetric units",
        SICK,
        "Units of a layer compute the same, so they get the same gradients and stay the same.",
    ),
    "exploding_gradients": Kind(
        "Exploding gradients",
        SICK,
        "Gradients grow from layer to layer on their way back.",
        SYMPTOM,
    ),
    "non_finite": Kind(
        "Values that are not finite", SICK, "A number overflowed, and everything after it is lost."
    ),
    "learning_rate_too_high": Kind(
        "Learning rate too high",
        SICK,
        "The steps overshoot: smaller ones lower the loss further.",
        TRIAL,
    ),
    "weight_decay_too_strong": Kind(
        "Weight decay too strong", SICK, "The decay takes from the weights what they learn.", TRIAL
    ),
    "saturated_units": Kind(
        "Saturated units", SICK, "Units are at the flat ends of their activation function.", SYMPTOM
    ),
    "dead_units": Kind(
        "Dead units", SICK, "Units are zero for nearly every example, and learn from few.", SYMPTOM
    ),
    "vanishing_gradients": Kind(
        "Vanishing gradients",
        SICK,
        "Gradients shrink from layer to layer on their way back.",
        SYMPTOM,
    ),
    "frozen": Kind("Frozen", NOTE, "Weights do not learn, as they are frozen."),
    "learning_rate_too_low": Kind(
        "Learning rate too low", SICK, "Larger steps lower the loss much faster.", TRIAL
    ),
    "unused_data": Kind("Unused data", WARNING, "Some examples are never trained on."),
    "noisy_batches": Kind(
        "Noisy batches", WARNING, "The gradient of a few examples is far from that of all.", TRIAL
    ),
    "too_small": Kind(
        "Too small", WARNING, "A wider network reaches a lower loss in as many steps.", TRIAL
    ),
    "overfitting": Kind(
        "Overfitting", WARNING, "The validation loss rises while the training loss falls.", SYMPTOM
    ),
    "stuck_at_prior": Kind(
        "Outputs ignore the inputs",
        SICK,
        "The outputs follow how frequent the targets are at best, and not the inputs.",
        SYMPTOM,
    ),
    "ambiguous_data": Kind(
        "As good as the data allow",
        NOTE,
        "The same context is followed by different targets, and the loss is as low as that allows.",
        SYMPTOM,
    ),
    "finished": Kind("Finished", NOTE, "Every training example is predicted well.", SYMPTOM),
    NOT_JUDGED: Kind("Not judged", NOTE, "Something could not be judged, and why."),
}
"""The kinds of findings by name, in the order in which causes come before what they cause."""


SURE = {FACT: 0.995, TRIAL: 0.98, SYMPTOM: 0.96}
"""How sure a finding is by its basis: (right + 1) / (told + 2), counted by a benchmark.

That is Laplace's rule of succession: of few findings that were all right, the next may be wrong.
"""


@dataclass(frozen=True)
class Remedy:
    """What may help.

    Attributes
    ----------
    sentence : str
        What to try.
    changes : mapping
        Training settings to fork the run with; empty if it takes something else.
    step : int or None
        The step to fork at; None for the present one.
    """

    sentence: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    step: int | None = None


@dataclass(frozen=True)
class Finding:
    """Something that the doctor found in a run.

    Attributes
    ----------
    kind : str
        A name in `FINDINGS`.
    sentence : str
        What was found, with its numbers.
    evidence : mapping of str to float or str
        The numbers behind it, by what they are.
    layer : int or None
        The layer that it concerns, counted from 0.
    units : tuple of int
        The units of that layer; empty if it concerns all or none.
    step : int
        The step at which it was seen first.
    remedy : Remedy or None
    because : str or None
        The kind of another finding that explains this one.
    fault : str or None
        The key in `nn.faults.FAULTS` of the mistake that gives just these numbers.
    harmless : bool
        Whether the run learns all the same.
    cell : RecordCell or None
        The number that it is about.
    cell_step : int or None
        The step whose record has that number; `step` may be an earlier one.
    """

    kind: str
    sentence: str
    evidence: Mapping[str, float | str]
    step: int
    layer: int | None = None
    units: tuple[int, ...] = ()
    remedy: Remedy | None = None
    because: str | None = None
    fault: str | None = None
    harmless: bool = False
    cell: RecordCell | None = None
    cell_step: int | None = None

    @property
    def severity(self) -> str:
        """How serious it is; see `Kind`."""
        return NOTE if self.harmless else FINDINGS[self.kind].severity

    @property
    def is_fault(self) -> bool:
        """Whether something is wrong, or could be better; else it is a note."""
        return self.severity != NOTE

    @property
    def basis(self) -> str:
        """How it is known; see `Kind`."""
        return FINDINGS[self.kind].basis

    @property
    def sure(self) -> float:
        """The share of such findings that were right in the benchmark of planted causes."""
        return SURE[self.basis]

    @property
    def label(self) -> str:
        """A few words for a heading."""
        return FINDINGS[self.kind].label
