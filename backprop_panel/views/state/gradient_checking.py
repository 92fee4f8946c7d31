"""The gradient check of the step that a page shows, made in the background."""

from __future__ import annotations

from collections.abc import Iterator

import param

from ...analysis.checks.gradient_check import GradientCheck, checking
from ...nn.record import StepRecord
from ...settings import SettingError
from .record_work import RecordWork
from .session import SPENT_ON_IT


class GradientChecking(RecordWork):
    """Checks the gradients of the records that a page shows, if that is switched on."""

    record = param.ClassSelector(
        default=None, class_=StepRecord, allow_None=True, doc="The record that was checked last."
    )
    check = param.ClassSelector(
        default=None, class_=GradientCheck, allow_None=True, doc="What was found."
    )
    message = param.String("", doc="Why the gradients cannot be checked.")

    def pieces(self, record: StepRecord) -> Iterator[GradientCheck | None]:
        """Check the gradients of a record against differences.

        Raises
        ------
        SettingError
            If the run hides its cause.
        """
        if self.session.run.secret:
            raise SettingError("check", SPENT_ON_IT.format(check="The gradient check"))
        yield from checking(record)

    def take(self, record: StepRecord, result: GradientCheck) -> None:
        """Show what was found."""
        self.param.update(record=record, check=result, message="")

    def forget(self, message: str = "") -> None:
        """Show nothing."""
        self.param.update(record=None, check=None, message=message)
