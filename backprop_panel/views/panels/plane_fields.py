"""The plane of a loss surface: the main directions of a run's path, or two weights."""

from __future__ import annotations

from dataclasses import replace

import panel as pn
import panel_material_ui as pmui
import param

from ...settings import SettingError
from ..plots.html import html
from ..state.session import Session
from ..state.weight_names import weight_named
from ..widgets.buttons import button

MAIN, WEIGHTS = "Main directions of the path", "Two weights"
NO_WEIGHTS = (
    "Name two weights as on the map, such as W2[3, 17] and b1[4]; or click one on the map, press "
    "<b>Use the chosen weight</b>, and again for the other."
)
CHOOSE = "(click a weight or a bias on the map first)"
MISSING = "Name a weight here, such as W2[3, 17]."


class PlaneFields(param.Parameterized):
    """Fields that choose the plane; `cells` and `ready` say which it is."""

    session = param.ClassSelector(class_=Session, constant=True)
    cells = param.Tuple(
        default=None, length=2, allow_None=True, doc="Two `RecordCell`s; None: main directions."
    )
    ready = param.Boolean(True, doc="Whether a plane is chosen.")

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        top = {"size": "small", "margin": (12, 6, 5, 0)}
        self._plane = pmui.Select(label="Plane", options=[MAIN, WEIGHTS], width=230, **top)
        self._names = [
            pmui.TextInput(label=label, width=190, visible=False, **top)
            for label in ("Weight across", "Weight up")
        ]
        self._use = button(
            "Use the chosen weight", self._use_chosen, visible=False, margin=(12, 6, 0, 0)
        )
        self._reason = html(
            CHOOSE, "bp-note", visible=False, sizing_mode=None, margin=(18, 6, 0, 0)
        )
        for field in (self._plane, *self._names):
            field.param.watch(self._choose, "value")
        session.param.watch(self._choose, "run")
        session.param.watch(self._follow_selection, ["path", "run"])
        self._follow_selection()

    def demand(self) -> None:
        """Say beside each empty field that a weight is missing."""
        for field in self._names:
            if not field.value.strip():
                field.param.update(error_state=True, helper_text=MISSING)

    @property
    def fields(self) -> list[pn.viewable.Viewable]:
        """The fields and the button, for a layout."""
        return [self._plane, *self._names, self._use, self._reason]

    def _follow_selection(self, *events: param.parameterized.Event) -> None:
        chosen = self.session.selection
        self._use.disabled = chosen is None or not chosen.is_parameter
        self._reason.visible = self._use.visible and self._use.disabled

    def _use_chosen(self) -> None:
        """Put the chosen weight in the first empty field; the two chosen last stay."""
        name = replace(self.session.selection, is_gradient=False).name
        across, up = (field.value for field in self._names)
        if across and up:
            across, up = up, name
        elif across:
            up = name
        else:
            across = name
        with param.parameterized.batch_call_watchers(self):
            for field, value in zip(self._names, (across, up), strict=True):
                field.value = value

    def _choose(self, *events: param.parameterized.Event) -> None:
        """Take the plane that the fields name, or say beside a field why there is none."""
        of_weights = self._plane.value == WEIGHTS
        for shown in (*self._names, self._use):
            shown.visible = of_weights
        self._reason.visible = of_weights and self._use.disabled
        cells = self._named_cells() if of_weights else None
        self.param.update(cells=cells, ready=cells is not None or not of_weights)

    def _named_cells(self) -> tuple | None:
        widths = self.session.run.model.network.widths
        cells = []
        for field in self._names:
            mistake = ""
            try:
                if field.value.strip():
                    cells.append(weight_named(field.value, widths))
                    if cells[1:] == cells[:1]:
                        raise SettingError("weight", "Two different weights make a plane.")
            except SettingError as error:
                mistake = str(error)
            field.param.update(error_state=bool(mistake), helper_text=mistake)
        if len(cells) < 2 or any(field.error_state for field in self._names):
            return None
        return tuple(cells)
