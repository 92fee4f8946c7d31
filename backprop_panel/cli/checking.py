"""``backprop-panel check``: whether the numbers of a run follow from each other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import click
import numpy as np

from ..analysis.checks.gradient_check import AGAINST, NotFinite, check_gradients
from ..analysis.checks.update_audit import Discrepancy, audit, audit_run
from ..nn.record import StepRecord
from ..runs.manager import TrainingRun
from .diagnosing import run_of
from .options import json_option, store_option, user_option
from .runs import complete_run

Entry = dict[str, Any]


@click.command()
@click.argument("run", metavar="RUN|ZIP", shell_complete=complete_run)
@click.option("--step", type=click.IntRange(1), help="Check this step alone, and no interval.")
@click.option(
    "--against",
    type=click.Choice(AGAINST),
    default=AGAINST[0],
    show_default=True,
    help="What gradients are compared with: central differences in float64, or PyTorch.",
)
@store_option
@user_option
@json_option
def check(run: str, step: int | None, against: str, store: str, user: str, as_json: bool) -> int:
    """Check the gradients of a run's last step, and audit its steps.

    Every interval between two checkpoints is trained again, and its last step audited: that takes
    about as long as the training did. The exit status is 1 if a number does not follow, or the
    gradients are not finite.
    """
    wrong = False
    with run_of(run, store, user) as found:
        if not found.trainer.step:
            click.echo(f"{found.name}: no step was made, so that nothing can be checked.", err=True)
            return 0
        for entry in checked(found, step, against):
            wrong |= not entry["ok"]
            click.echo(json.dumps(entry) if as_json else entry["sentence"])
    return int(wrong)


def checked(run: TrainingRun, step: int | None, against: str) -> Iterator[Entry]:
    """Yield what each check found: the gradients first, then the audits.

    Raises
    ------
    SettingError
        If the run has not reached that step.
    """
    last = run.trainer.step if step is None else step
    _, record, deviation = run.step_again(last)
    try:
        yield _gradients(record, against)
    except NotFinite as error:
        yield _entry(
            "gradients", last, False, f"{error} {_where_not_finite(run)}".strip(), worst=None
        )
    if step is not None:
        yield _audited(f"step {step:,}", record.step, audit(record), record, deviation)
        return
    for interval in audit_run(run):
        what = f"steps {interval.start + 1:,} to {interval.end:,}"
        yield _audited(what, interval.end, interval.discrepancies, None, interval.deviation)


def _gradients(record: StepRecord, against: str) -> Entry:
    found = check_gradients(record, against)
    worst, wrong, where = found.worst, sum(found.wrong), f"step {record.step:,}:"
    if worst is None:
        sentence = f"{where} no gradient can be checked."
    else:
        how = (
            f"{wrong:,} of {found.checked:,} gradients DO NOT AGREE with {against}"
            if wrong
            else f"{found.checked:,} of {found.parameters:,} gradients agree with {against}"
        )
        name = found.worst_cell.name(record)
        sentence = f"{where} {how}; the largest error is {worst.error:.2g}, of {name}."
    if found.hidden_by_rounding:
        sentence += f" Of {found.hidden_by_rounding:,} the rounding of the loss tells nothing."
    error = None if worst is None else worst.error
    return _entry("gradients", record.step, bool(found.ok), sentence, worst=error)


def _where_not_finite(run: TrainingRun) -> str:
    """Return since when the loss of a run is not finite; empty if it always is."""
    steps = run.history["step"][~np.isfinite(run.history["loss"])]
    return f"The loss of step {steps[0]:,} is the first that is not finite." if len(steps) else ""


def _audited(
    what: str,
    step: int,
    discrepancies: list[Discrepancy],
    record: StepRecord | None,
    deviation: str,
) -> Entry:
    if not discrepancies:
        sentence = f"{what}: every number follows from those before it."
    else:
        first = discrepancies[0]
        name = first.name(record) if record is not None else first.quantity
        sentence = (
            f"{what}: {name} DOES NOT FOLLOW: {first.found:.7g} where {first.expected:.7g} follows."
        )
    ok = not discrepancies and not deviation
    return _entry("audit", step, ok, " ".join(filter(None, [sentence, deviation])))


def _entry(check: str, step: int, ok: bool, sentence: str, **more: float | None) -> Entry:
    return {"check": check, "step": step, "ok": ok, **more, "sentence": sentence}
