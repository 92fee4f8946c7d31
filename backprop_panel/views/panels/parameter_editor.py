"""Fields that set the chosen weight or bias, freeze it, and silence the chosen unit."""

from __future__ import annotations

from collections.abc import Callable

import panel as pn
import panel_material_ui as pmui
import param

from ...training.engine import Engine
from ..state.cell import Cell, symbol
from ..state.session import Session
from ..widgets.buttons import SMALL
from ..widgets.setting_fields import finite


class ParameterEditor(pn.viewable.Viewer):
    """Visible while a weight, a bias or a hidden unit is chosen."""

    session = param.ClassSelector(class_=Session, constant=True)

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self._value = pmui.TextInput(label="Set value", placeholder="and Enter", **SMALL)
        self._value.param.watch(self._set_value, "value")
        self._switches = [
            Switch(session, _is_entry, _entry_name, _entry_frozen, _freeze_entry),
            Switch(session, _is_of_unit, _unit_frozen_name, _unit_frozen, _freeze_unit),
            Switch(session, _is_entry, _layer_name, _layer_frozen, _freeze_layer),
            Switch(session, _is_hidden, _silenced_name, _silenced, _silence),
        ]
        self._layout = pn.Column(
            self._value,
            *self._switches,
            visible=False,
            margin=0,
            sizing_mode="stretch_width",
        )
        session.param.watch(self._show, ["path", "record", "subtracted"])
        session.param.watch(self._show_mistake, "mistakes")
        self._show()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _show(self, *events: param.parameterized.Event) -> None:
        cell = self.session.selection
        self._value.visible = cell is not None and cell.is_parameter
        for switch in self._switches:
            switch.show(cell)
        self._layout.visible = any(switch.box.visible for switch in self._switches)

    def _set_value(self, event: param.parameterized.Event) -> None:
        session = self.session
        if event.new and session.attempt(
            "weight", lambda: session.set_weight(session.selection, finite("weight", event.new))
        ):
            self._value.value = ""

    def _show_mistake(self, event: param.parameterized.Event) -> None:
        message = event.new.get("weight", "")
        self._value.param.update(error_state=bool(message), helper_text=message)


class Switch(pn.viewable.Viewer):
    """A checkbox of something that is on or off in the engine that is shown.

    Parameters
    ----------
    session : Session
    applies : callable
        Returns whether it is offered for a cell.
    name : callable
        Returns its label for a cell.
    is_on : callable
        Returns from the engine whether it is on for a cell.
    turn : callable
        Turns it on or off for a cell.
    """

    def __init__(
        self,
        session: Session,
        applies: Callable[[Cell], bool],
        name: Callable[[Cell], str],
        is_on: Callable[[Engine, Cell], bool],
        turn: Callable[[Session, Cell, bool], None],
    ) -> None:
        super().__init__()
        self._session, self._applies, self._name = session, applies, name
        self._is_on, self._turn = is_on, turn
        self.box = pmui.Checkbox(label="", margin=0, visible=False)
        self.box.param.watch(self._switch, "value")

    def __panel__(self) -> pn.viewable.Viewable:
        return self.box

    def show(self, cell: Cell | None) -> None:
        """Show whether it is on for a cell."""
        self.box.visible = cell is not None and self._applies(cell)
        if self.box.visible:
            on = self._is_on(self._session.engine, cell)
            self.box.param.update(label=self._name(cell), value=on)

    def _switch(self, event: param.parameterized.Event) -> None:
        session, cell = self._session, self._session.selection
        if cell is None or event.new == self._is_on(session.engine, cell):
            return
        if not session.attempt("weight", lambda: self._turn(session, cell, event.new)):
            self.show(cell)


def _is_entry(cell: Cell) -> bool:
    return cell.is_parameter


def _is_hidden(cell: Cell) -> bool:
    return cell.kind == "activation"


def _is_of_unit(cell: Cell) -> bool:
    return cell.is_parameter or _is_hidden(cell)


def _layer_before(cell: Cell) -> int:
    """Return the layer that leads to the cell's unit."""
    return cell.layer if cell.is_parameter else cell.layer - 1


def _entry_name(cell: Cell) -> str:
    index = f"[{cell.column}]" if cell.kind == "bias" else f"[{cell.row}, {cell.column}]"
    return f"Freeze {symbol(cell.kind, cell.layer)}{index}"


def _unit_frozen_name(cell: Cell) -> str:
    layer = symbol("weight", _layer_before(cell))
    return f"Freeze the unit: {layer}[·, {cell.column}] and its bias"


def _layer_name(cell: Cell) -> str:
    return f"Freeze {symbol('weight', cell.layer)}"


def _silenced_name(cell: Cell) -> str:
    return f"Silence unit {cell.column} of a{cell.layer}"


def _entry_frozen(engine: Engine, cell: Cell) -> bool:
    return (cell.layer, cell.row, cell.column) in engine.frozen_parts


def _unit_frozen(engine: Engine, cell: Cell) -> bool:
    return (_layer_before(cell), None, cell.column) in engine.frozen_parts


def _layer_frozen(engine: Engine, cell: Cell) -> bool:
    return cell.layer in engine.frozen


def _silenced(engine: Engine, cell: Cell) -> bool:
    return (cell.layer, cell.column) in engine.silenced


def _freeze_entry(session: Session, cell: Cell, frozen: bool) -> None:
    session.freeze(cell.layer, frozen, cell.row, cell.column)


def _freeze_unit(session: Session, cell: Cell, frozen: bool) -> None:
    session.freeze(_layer_before(cell), frozen, None, cell.column)


def _freeze_layer(session: Session, cell: Cell, frozen: bool) -> None:
    session.freeze(cell.layer, frozen)


def _silence(session: Session, cell: Cell, silenced: bool) -> None:
    session.silence(cell.layer, cell.column, silenced)
