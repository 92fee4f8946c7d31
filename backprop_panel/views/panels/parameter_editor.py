"""Fields that set the chosen weight or bias, and freeze its layer."""

from __future__ import annotations

import panel as pn
import panel_material_ui as pmui
import param

from ..state.cell import symbol
from ..state.session import Session
from ..widgets.buttons import SMALL
from ..widgets.setting_fields import finite


class ParameterEditor(pn.viewable.Viewer):
    """Visible while a weight or bias is chosen."""

    session = param.ClassSelector(class_=Session, constant=True)

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self._value = pmui.TextInput(label="Set value", placeholder="and Enter", **SMALL)
        self._value.param.watch(self._set_value, "value")
        self._frozen = pmui.Checkbox(label="", margin=0)
        self._frozen.param.watch(self._freeze, "value")
        self._is_frozen = False
        self._layout = pn.Column(
            self._value, self._frozen, visible=False, margin=0, sizing_mode="stretch_width"
        )
        session.param.watch(self._show, ["path", "record", "subtracted"])
        session.param.watch(self._show_mistake, "mistakes")
        self._show()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _show(self, *events: param.parameterized.Event) -> None:
        cell = self.session.selection
        self._layout.visible = cell is not None and cell.is_parameter
        if self._layout.visible:
            self._is_frozen = cell.layer in self.session.engine.frozen
            self._frozen.param.update(
                label=f"Freeze {symbol('weight', cell.layer)}", value=self._is_frozen
            )

    def _set_value(self, event: param.parameterized.Event) -> None:
        session = self.session
        if event.new and session.attempt(
            "weight", lambda: session.set_weight(session.selection, finite("weight", event.new))
        ):
            self._value.value = ""

    def _freeze(self, event: param.parameterized.Event) -> None:
        session = self.session
        if event.new == self._is_frozen:
            return
        self._is_frozen = event.new
        if not session.attempt(
            "weight", lambda: session.freeze(session.selection.layer, event.new)
        ):
            self._show()

    def _show_mistake(self, event: param.parameterized.Event) -> None:
        message = event.new.get("weight", "")
        self._value.param.update(error_state=bool(message), helper_text=message)
