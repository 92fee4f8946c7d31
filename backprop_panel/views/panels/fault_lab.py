"""The fault lab: one classic mistake to train with, what it is and what reveals it."""

from __future__ import annotations

from html import escape

import panel as pn
import panel_material_ui as pmui
import param

from ...nn.faults import FAULTS
from ..plots.html import html
from ..widgets.buttons import toggle
from ..widgets.setting_fields import NO_FAULT

LAB = (
    "Train with one classic mistake, to see how it shows and what reveals it. The run records when "
    "it was switched on and off."
)


class FaultLab(pn.viewable.Viewer):
    """The field of the fault, closed until it is asked for or a fault is in force.

    Parameters
    ----------
    field : Select
        Its value is the key of a fault.
    """

    def __init__(self, field: pmui.Select) -> None:
        super().__init__()
        self._field = field
        self._open = toggle("Choose a fault")
        self._about = html("", "bp-note", margin=(4, 0))
        inside = pn.Column(
            field, self._about, visible=False, margin=(4, 0, 0, 0), sizing_mode="stretch_width"
        )
        self._open.link(inside, value="visible")
        self._layout = pn.Column(self._open, inside, margin=0, sizing_mode="stretch_width")
        field.param.watch(self._show, "value")
        self._show()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _show(self, *events: param.parameterized.Event) -> None:
        """Say what the chosen fault is; one that is in force is never hidden."""
        chosen = self._field.value
        self._about.object = about(chosen)
        if chosen in FAULTS:
            self._open.value = True


def about(key: str) -> str:
    """Return the name of a fault, what reveals it and where it is met, as HTML.

    What it is stands on the map, beside the numbers.
    """
    if key == NO_FAULT or key not in FAULTS:
        return LAB
    fault = FAULTS[key]
    return (
        f'<span class="bp-fault bp-wrapped">{escape(fault.label)}</span>'
        f"<br><b>What reveals it:</b> {escape(fault.reveals)}"
        f"<br><b>Where it is met:</b> {escape(fault.met_in)}"
    )
