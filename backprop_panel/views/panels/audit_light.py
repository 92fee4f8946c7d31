"""The audit's light: whether the last step follows from its inputs, in the toolbar of every tab."""

from __future__ import annotations

from collections.abc import Callable

import panel as pn
import param

from ..plots.numbers import number
from ..state.auditing import Auditing
from ..state.session import SPENT_ON_IT
from ..widgets.buttons import LIGHT, light_button

WRONG = {False: "#c92a2a", True: "#ff8787"}
"""The colour of a light that tells a wrong number, on a light and on a dark page."""

WAITING = "No step has been audited yet."


class AuditLight(pn.viewable.Viewer):
    """A button that tells whether the step follows, and shows the first number that does not.

    Parameters
    ----------
    auditing : Auditing
    show : callable
        Shows what the audit can do, where there is no number to show.
    """

    auditing = param.ClassSelector(class_=Auditing, constant=True)

    def __init__(self, auditing: Auditing, show: Callable[[], None]) -> None:
        super().__init__(auditing=auditing)
        self._show_more = show
        self._button = light_button("Audit", self._act, description=WAITING)
        auditing.param.watch(self._show, ["record", "first", "message"])
        auditing.session.param.watch(self._show, "dark")
        self._show()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._button

    def _act(self) -> None:
        """Explain the first number that does not follow, in the step that has it."""
        record, first, session = self.auditing.record, self.auditing.first, self.auditing.session
        if first is not None and first.cell is not None and not session.run.secret:
            if record.updated:
                session.attempt("training", lambda: session.show_step(record.step))
            session.path = (first.cell,)
        else:
            self._show_more()

    def _show(self, *events: param.parameterized.Event) -> None:
        label, description = light(self.auditing)
        wrong = {"color": WRONG[self.auditing.session.dark], "fontWeight": 700}
        is_told = self.auditing.first and not self.auditing.session.run.secret
        sx = LIGHT | wrong if is_told else LIGHT
        self._button.param.update(label=label, description=description, sx=sx)


def light(auditing: Auditing) -> tuple[str, str]:
    """Return the label of the light, and what it says when it is pointed at."""
    record, first = auditing.record, auditing.first
    if auditing.session.run.secret:
        return "Audit", SPENT_ON_IT.format(check="The audit")
    if record is None:
        return ("Audit ?" if auditing.message else "Audit"), auditing.message or WAITING
    which = f"Step {record.step:,}" if record.updated else "The batch on the map"
    if first is None:
        return (
            "Audit ✓",
            f"{which} follows from its inputs: each of its numbers was computed again.",
        )
    name = first.name(record)
    return (
        f"Audit ✕ {name}",
        f"{which} does not follow from its inputs. The first wrong number is {name}: it is "
        f"{number(first.found)}, and should be {number(first.expected)}.",
    )
