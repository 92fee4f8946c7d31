"""What the doctor judges of the numbers themselves: whether each step follows from its inputs."""

from __future__ import annotations

import numpy as np

from ...nn.faults import FAULTS
from ...nn.record import StepRecord
from ...settings import SettingError
from ..checks.gradient_check import check_gradients
from .evidence import Evidence
from .finding import Finding, Remedy
from .likely_fault import likely_fault

KINDS = {"loss": "wrong_loss", "accuracy": "wrong_loss"} | dict.fromkeys(
    ("weight_updates", "bias_updates"), "wrong_update"
)
"""The finding for a quantity that is wrong; a wrong one of the passes is one of the gradients."""

CHECKED = 60
"""Gradients of a wrong step that are compared with difference quotients as well."""

WRONG = {
    "wrong_loss": "The loss does",
    "wrong_gradients": "The gradients do",
    "wrong_update": "The update does",
}


def wrong_numbers(evidence: Evidence) -> Finding | None:
    """Judge whether the numbers of the steps since the last change follow from their inputs."""
    audits = {
        step: found
        for step, found in evidence.audits
        if step > evidence.since and _is_finite(evidence, step)
    }
    # Once nothing is left to learn, wrong numbers may be too small to tell: the last wrong one.
    wrong = [step for step, found in audits.items() if found]
    if not wrong or len(wrong) < min(2, len(audits)):
        return None
    step = wrong[-1]
    # Another change since does not make the mistake younger.
    begin = next(
        step
        for step, found in evidence.audits
        if found and step > evidence.fault_since and _is_finite(evidence, step)
    )
    first = audits[step][0]
    record = evidence.run.step_again(step).record
    previous = evidence.run.step_again(step - 1).record if step > 1 else None
    kind = KINDS.get(first.quantity, "wrong_gradients")
    fault = likely_fault(evidence.run, record, previous)
    name = first.name(record)
    return Finding(
        kind,
        f"{WRONG[kind]} not follow: in step {step:,} {name} is {first.found:.4g}, and "
        f"{first.expected:.4g} follows from what stands before it."
        + (f" {FAULTS[fault].sentence}" if fault else ""),
        {name: first.found, "what follows": first.expected} | _worst_gradient(record),
        begin,
        layer=first.layer,
        fault=fault,
        remedy=_remedy(fault),
        cell=first.cell,
        cell_step=step,
    )


def _is_finite(evidence: Evidence, step: int) -> bool:
    """Return whether the loss of a step and of the one after it are finite."""
    return bool(np.isfinite(evidence.losses[step - 1 : step + 1]).all())


def _worst_gradient(record: StepRecord) -> dict[str, float]:
    """Return the largest relative error of some gradients against difference quotients."""
    try:
        worst = check_gradients(record, sample=CHECKED).worst
    except SettingError:  # the gradients are not finite
        return {}
    return (
        {"largest error of a gradient against a difference quotient": worst.error} if worst else {}
    )


def _remedy(fault: str | None) -> Remedy:
    if fault is None:
        return Remedy("Explain that number, and compare each of its terms.")
    return Remedy(f"This is the mistake “{FAULTS[fault].label}”: mend that rule.", {"fault": None})
