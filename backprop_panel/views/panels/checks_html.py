"""What the checks found of the number that is explained, as HTML."""

from __future__ import annotations

import numpy as np

from ...analysis.checks.gradient_check import THRESHOLD
from ...analysis.record_cell import RecordCell
from ...nn.record import StepRecord
from ..plots.numbers import number_html
from ..state.checks import Checks


def checks_html(cell: RecordCell, record: StepRecord, checks: Checks) -> str:
    """Return what audit and gradient check say of a number of this very record; else nothing."""
    return _audited(cell, record, checks) + _checked(cell, record, checks)


def _audited(cell: RecordCell, record: StepRecord, checks: Checks) -> str:
    first = checks.audit.first
    if first is None or first.cell != cell or checks.audit.record is not record:
        return ""
    return (
        '<p class="bp-warned">✕ This is the first number that does not follow from its inputs: it '
        f"is {number_html(first.found)}, and should be {number_html(first.expected)}.</p>"
    )


def _checked(cell: RecordCell, record: StepRecord, checks: Checks) -> str:
    check = checks.gradients.check
    is_gradient = cell.quantity in ("weight_gradients", "bias_gradients")
    if check is None or not is_gradient or checks.gradients.record is not record:
        return ""
    layer = cell.layer
    place = cell.index if len(cell.index) == 2 else (len(record.layers[layer]) - 1, *cell.index)
    error, step = check.errors[layer][place], check.steps[layer][place]
    quotient = f"difference quotient {number_html(check.expected[layer][place])}"
    if check.kinks[layer][place]:
        said = (
            f"{quotient} with step h = {number_html(step)}. A corner of ReLU lies within the step, "
            "where no slope exists, so that it does not count"
        )
    elif check.hidden[layer][place]:
        said = (
            f"{quotient} with step h = {number_html(step)}. The rounding of so large a loss hides "
            "this gradient, so that it does not count"
        )
    elif np.isnan(error):
        said = "this parameter is not in the sample"
    else:
        mark = "✕ wrong" if error >= THRESHOLD else "✓"
        expected, recorded = check.expected[layer][place], cell.value(record)
        said = (
            f"{mark}: recorded {number_html(recorded)}, {quotient}, relative error "
            f"{number_html(error)}{_floor(recorded, expected, error)}, "
            f"step h = {number_html(step)}"
        )
    title = (
        f"(L(w + h) − L(w − h)) / 2h in float64; wrong from a relative error of {THRESHOLD:g} on"
    )
    return f'<p class="bp-facts" title="{title}">Gradient check {said}.</p>'


def _floor(recorded: float, expected: float, error: float) -> str:
    """Say what a difference is relative to where that is neither of the two numbers."""
    larger = max(abs(recorded), abs(expected))
    if not error or not larger:
        return ""
    least = abs(recorded - expected) / error
    if least < 1.01 * larger:
        return ""
    return f" (relative to {number_html(least)}: both are small beside what rounding can add)"
