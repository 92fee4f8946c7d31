"""The doctor's light: whether the run is well, in the toolbar of every tab."""

from __future__ import annotations

from collections.abc import Callable

import panel as pn
import param

from ...analysis.diagnosis.finding import SICK
from ..state.diagnosis import Diagnosis
from ..widgets.buttons import light_button


class DoctorLight(pn.viewable.Viewer):
    """A button that tells how many faults were found, and shows them."""

    diagnosis = param.ClassSelector(class_=Diagnosis, constant=True)

    def __init__(self, diagnosis: Diagnosis, show: Callable[[], None]) -> None:
        super().__init__(diagnosis=diagnosis)
        self._button = light_button("Doctor", show, description=WAITING)
        diagnosis.param.watch(self._show, ["findings", "step", "message"])
        self._show()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._button

    def _show(self, *events: param.parameterized.Event) -> None:
        label, description = light(self.diagnosis)
        self._button.param.update(label=label, description=description)


SECRET = "The doctor is silent while the detective is at work."

WAITING = "The doctor has not examined this run yet."


def light(diagnosis: Diagnosis) -> tuple[str, str]:
    """Return the label of the light, and what it says when it is pointed at."""
    if diagnosis.session.run.secret:
        return "Doctor", SECRET
    if not diagnosis.step:
        return "Doctor", diagnosis.message or WAITING
    told = [finding for finding in diagnosis.findings if finding.is_fault]
    if not told:
        return "Doctor ✓", f"No fault was found at step {diagnosis.step:,}."
    mark = "✕" if told[0].severity == SICK else "!"
    labels = ", ".join(finding.label for finding in told)
    return f"Doctor {mark} {len(told)}", f"At step {diagnosis.step:,}: {labels}."
