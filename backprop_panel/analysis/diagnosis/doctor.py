"""The doctor: what is wrong with a run, and why, with the numbers that show it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from ...nn.optimizers import OPTIMIZERS
from ...runs.run import TrainingRun
from ...settings import refuse_other
from . import judging_layers, judging_results, judging_training
from .evidence import Evidence, Measured
from .finding import FINDINGS, NOT_JUDGED, NOTE, SICK, SYMPTOM, Finding
from .judging_numbers import WRONG, wrong_numbers

NUMBERS = tuple(WRONG)
"""The kinds of wrong numbers: they explain every fault."""

FOLLOWS: dict[str, tuple[str, ...]] = {
    "symmetric_units": ("vanishing_gradients", "dead_units", "saturated_units"),
    "exploding_gradients": (
        "non_finite",
        "learning_rate_too_high",
        "dead_units",
        "saturated_units",
        "vanishing_gradients",
    ),
    "non_finite": (),
    "learning_rate_too_high": (
        "non_finite",
        "dead_units",
        "saturated_units",
        "vanishing_gradients",
    ),
    "weight_decay_too_strong": ("vanishing_gradients", "dead_units"),
    "saturated_units": ("vanishing_gradients",),
    "dead_units": ("vanishing_gradients",),
    "vanishing_gradients": (),
    # Small steps leave the weights, and so the gradients, as they were.
    "learning_rate_too_low": (),
}
"""What each cause leads to, besides `PLATEAU`. No kind leads to one that leads to it."""

SMALL_GRADIENTS = ("saturated_units", "vanishing_gradients")
"""Causes of small gradients, and so of small updates, if the optimizer is none of the next."""

DIVIDES_BY_SIZE = tuple(
    name for name, rule in OPTIMIZERS.items() if "mean_square" in rule.moment_names
)
"""The optimizers whose steps are as large for small gradients as for large ones."""

PLATEAU = ("learning_rate_too_low", "too_small", "noisy_batches", "stuck_at_prior", "overfitting")
"""What any of those causes leads to: the loss does not fall."""


def diagnose(run: TrainingRun, step: int | None = None) -> list[Finding]:
    """Return what is wrong with a run, causes first.

    Conditions must hold at several moments. Where symptoms do not tell the cause, trials do: the
    next steps of the run are made again, in a copy, with one setting changed.

    Parameters
    ----------
    run : TrainingRun
    step : int, optional
        Judge the run as it was after so many steps; the present one by default.

    Returns
    -------
    list of Finding
        The kinds are those of `FINDINGS`. What another finding explains says so in `because`.

    Raises
    ------
    SettingError
        If the run has not reached that step.
    """
    *_, found = examine(run, step)
    return found


def examine(
    run: TrainingRun, step: int | None = None, measured: Measured | None = None
) -> Iterator[list[Finding]]:
    """Diagnose in pieces of some milliseconds, yielding what has been found after each.

    What earlier examinations have `measured` of the run is not measured again.
    """
    refuse_other("run", run, TrainingRun)
    step = run.trainer.step if step is None else run.checked_step(step)
    if not step:
        yield [Finding(NOT_JUDGED, "The run has not made a step yet.", {}, 0)]
        return
    evidence = Evidence(run, step, measured)
    for _ in evidence.gather():
        yield []
    found: list[Finding] = []
    for judge in _judges(evidence):
        with np.errstate(all="ignore"):
            finding = judge(evidence)
        found += [finding] if finding else []
        yield in_order(found, evidence.settings["optimizer"])
    if not any(each.severity == SICK for each in found) and judging_results.may_be_judged(evidence):
        # The longest trial, and only where nothing else explains the loss.
        smaller = judging_results.too_small(evidence)
        found += [smaller] if smaller else []
    named = _with_changes(in_order(found, evidence.settings["optimizer"]), evidence)
    yield [*named, *judging_results.not_judged(evidence)]


def _with_changes(found: list[Finding], evidence: Evidence) -> list[Finding]:
    """Name what was changed right before the loss rose, where nothing else explains a finding."""
    said = " ".join(change.sentence for change in evidence.changed if change.name != "fault")
    if not said or any(finding.kind in NUMBERS for finding in found):
        return found
    return [
        replace(finding, sentence=f"{finding.sentence} {said}")
        if finding.severity == SICK and finding.because is None and said not in finding.sentence
        else finding
        for finding in found
    ]


def _judges(evidence: Evidence) -> Iterator[Callable[[Evidence], Finding | None]]:
    """Yield what judges a run: all of it if its numbers are finite and it has made some steps."""
    yield wrong_numbers
    yield from judging_layers.JUDGED_AT_ONCE
    yield judging_training.learning_rate_too_high
    if judging_results.may_be_judged(evidence):
        yield from judging_layers.JUDGED_LATER
        yield from judging_training.JUDGED_LATER
        yield from judging_results.JUDGED_LATER


def in_order(found: list[Finding], optimizer: str) -> list[Finding]:
    """Return findings with causes first, and what they explain last.

    Of causes that are as serious, what is only seen stands after what a trial or a number shows.
    """
    order = list(FINDINGS)
    found = sorted(found, key=lambda finding: order.index(finding.kind))
    explained = [replace(each, because=_cause(each, found, optimizer)) for each in found]
    severity = {SICK: 0, NOTE: 2}
    return sorted(
        explained,
        key=lambda finding: (
            finding.kind == NOT_JUDGED,
            severity.get(finding.severity, 1),
            finding.because is not None,
            finding.basis == SYMPTOM,
        ),
    )


def _cause(finding: Finding, found: list[Finding], optimizer: str) -> str | None:
    """Return the kind of the first finding that explains another one."""
    for other in found:
        # Wrong numbers begin where a step is the first that is wrong; other findings are dated by
        # the moments that showed them.
        is_later = other.kind in NUMBERS and other.step > finding.step
        explains = finding.kind in consequences(other.kind, optimizer)
        if explains and not is_later:
            return other.kind
    return None


def consequences(kind: str, optimizer: str) -> tuple[str, ...]:
    """Return the kinds of findings that one leads to, with an optimizer."""
    if kind in NUMBERS:
        return tuple(
            each
            for each, about in FINDINGS.items()
            if about.severity != NOTE and each not in NUMBERS
        )
    if kind not in FOLLOWS:
        return ()
    are_steps_small = kind not in SMALL_GRADIENTS or optimizer not in DIVIDES_BY_SIZE
    return FOLLOWS[kind] + tuple(
        each
        for each in PLATEAU
        if each != kind and (are_steps_small or each != "learning_rate_too_low")
    )
