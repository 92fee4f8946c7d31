"""Below the map: what the gradient check found, and the way to the worst gradient."""

from __future__ import annotations

from html import escape

import panel as pn
import param

from ...analysis.checks.gradient_check import GradientCheck
from ...nn.record import StepRecord
from ..plots.html import html
from ..plots.numbers import number
from ..state.gradient_checking import GradientChecking
from ..widgets.buttons import BORDERED, button

CHECKING = "Checking the gradients …"


class CheckFoot(pn.viewable.Viewer):
    """A line below the map while its gradients are checked; nothing otherwise."""

    checking = param.ClassSelector(class_=GradientChecking, constant=True)

    def __init__(self, checking: GradientChecking) -> None:
        super().__init__(checking=checking)
        self._worst = button(
            "Worst gradient",
            self._select,
            sx={**BORDERED, "padding": "0 8px", "lineHeight": "20px"},
            visible=False,
        )
        self._text = html("", "bp-note", align="center")
        self._layout = pn.Row(
            self._worst, self._text, margin=0, sizing_mode="stretch_width", visible=False
        )
        checking.param.watch(self._show, ["on", "check", "record", "message"])
        checking.session.param.watch(self._show, "subtracted")
        self._show()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _select(self) -> None:
        check, session = self.checking.check, self.checking.session
        if check is not None and check.worst_cell is not None:
            session.path = (check.worst_cell,)

    def _show(self, *events: param.parameterized.Event) -> None:
        checking, check = self.checking, self.checking.check
        # A map of differences shows no errors.
        self._layout.visible = checking.on and checking.session.subtracted is None
        has_worst = check is not None and check.worst is not None
        self._worst.visible = has_worst
        if has_worst:
            name = check.worst_cell.name(checking.record)
            self._worst.label = f"Worst: {name}, relative error {number(check.worst.error)}"
        if check is None:
            self._text.object = escape(checking.message) or CHECKING
        else:
            self._text.object = found(check, checking.record)


def found(check: GradientCheck, record: StepRecord) -> str:
    """Say how many gradients were checked, and whether any is wrong."""
    wrong = sum(check.wrong)
    none_is = "✓ none is wrong" if check.checked else "none can be decided"
    verdict = f"<b>✕ {wrong:,} wrong</b>" if wrong else none_is
    kinks = f", {check.at_kinks:,} left out at corners of ReLU" if check.at_kinks else ""
    hidden = check.hidden_by_rounding
    rounding = f", {hidden:,} hidden by the rounding of so large a loss" if hidden else ""
    is_sample = check.checked + check.at_kinks + hidden < check.parameters
    of = (
        f"of step {record.step:,}"
        if record.updated
        else f"of the next batch, after step {record.step:,}"
    )
    return (
        f"Gradients {of}: {verdict}. {check.checked:,} of "
        f"{check.parameters:,} checked{' at random' if is_sample else ''}{kinks}{rounding}."
    )
