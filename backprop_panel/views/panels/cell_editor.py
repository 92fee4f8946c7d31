"""A field that sets the chosen weight or bias, and switches for it, as HTML in the explanation."""

from __future__ import annotations

from html import escape

from ..state.session import Session
from ..widgets.setting_fields import finite
from .cell_switches import SWITCHES
from .explanation_links import message
from .typed_field import TypedField

SETTABLE = ("weights", "biases", "new_weights", "new_biases")
"""Quantities beside which a field sets the weight or bias; others follow from it."""


class CellEditor:
    """The HTML of the fields, and what is done when they are used.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._field = TypedField(session, "weight", "set", "Set value", "and Enter")

    def html(self) -> str:
        """Return the field and the switches of the chosen number; empty if it has none."""
        session = self._session
        cell = session.selection
        if cell is None:
            return ""
        field = self._field.html("value") if session.question.quantity in SETTABLE else ""
        switches = "".join(
            f'<label class="bp-switch"><input type="checkbox" data-key="{key}" '
            f"{message(switch=key)}{' checked' * switch.is_on(session.engine, cell)}>"
            f"{escape(switch.label(cell))}</label>"
            for key, switch in SWITCHES.items()
            if switch.applies(cell)
        )
        return field + switches + self._field.mistake_html()

    def set_value(self, text: str) -> None:
        """Set the chosen weight or bias to what was typed."""
        session = self._session
        self._field.take(
            text, lambda: session.set_weight(session.selection, finite("weight", text))
        )

    def switch(self, key: str, on: bool) -> None:
        """Turn one of the cell's switches on or off."""
        session, cell = self._session, self._session.selection
        session.attempt("weight", lambda: SWITCHES[key].turn(session, cell, on))
