"""The chosen cell: its name, its value, its gradient, and their ranks in their matrices."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
import panel as pn
import panel_material_ui as pmui
import param

from ...nn.record import Array
from ..plots.html import html, number
from ..state.cell import Cell, symbol
from ..state.map_columns import index_of_column, map_columns
from ..state.map_source import MapSource
from ..state.session import Session
from ..widgets.buttons import SMALL, button
from ..widgets.setting_fields import finite

NOTHING = "Click a cell of the map: this is where it is explained."


class Inspector(pn.viewable.Viewer):
    """The panel at the right: the chosen cell, and the fields that edit it."""

    session = param.ClassSelector(class_=Session, constant=True)

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self._text = html(NOTHING, "bp-explanation")
        self._value = pmui.TextInput(label="Set value", placeholder="and Enter", **SMALL)
        self._value.param.watch(self._set_value, "value")
        self._frozen = pmui.Checkbox(label="", margin=0)
        self._frozen.param.watch(self._freeze, "value")
        self._is_frozen = False
        self._edit = pn.Column(
            self._value, self._frozen, visible=False, margin=0, sizing_mode="stretch_width"
        )
        self._deselect_button = button("Deselect", self._deselect, margin=(8, 0), visible=False)
        self._layout = pn.Column(
            self._text,
            self._edit,
            self._deselect_button,
            margin=(0, 14),
            sizing_mode="stretch_width",
        )
        session.param.watch(self._show, ["selection", "record", "subtracted"])
        session.param.watch(self._show_mistake, "mistakes")

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _show(self, *events: param.parameterized.Event) -> None:
        cell = self.session.selection
        text = self._explained(cell) if cell else NOTHING
        if text != self._text.object:
            self._text.object = text
        self._deselect_button.visible = cell is not None
        self._show_edit(cell)

    def _explained(self, cell: Cell) -> str:
        source, record = self.session.map_source, self.session.record
        if source.is_difference:
            return explained(source, cell)
        updates = record.layer_updates if record.updated else self.session.engine.layer_updates
        return explained(source, cell, updates)

    def _show_edit(self, cell: Cell | None) -> None:
        """Offer to set a weight or bias, and to freeze its layer."""
        self._edit.visible = cell is not None and cell.is_parameter
        if self._edit.visible:
            self._is_frozen = cell.layer in self.session.engine.frozen
            self._frozen.param.update(
                label=f"Freeze {symbol('weight', cell.layer)}", value=self._is_frozen
            )

    def _deselect(self) -> None:
        self.session.selection = None

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
            self._show_edit(session.selection)

    def _show_mistake(self, event: param.parameterized.Event) -> None:
        message = event.new.get("weight", "")
        self._value.param.update(error_state=bool(message), helper_text=message)


def explained(source: MapSource, cell: Cell, updates: Sequence[Array] | None = None) -> str:
    """Return a cell in words and numbers, as HTML.

    Parameters
    ----------
    source : MapSource
    cell : Cell
        The value or its gradient: both are shown.
    updates : sequence of array, shape (in + 1, out), optional
        What the last step added to each layer, where that is known.
    """
    record = source.record
    values, gradients = cell.values(record), cell.gradients(record)
    if cell.row >= len(values):
        return "That row is not in this batch."
    value, gradient = float(values[cell.index]), float(gradients[cell.index])
    rows = [("value", value), ("gradient", gradient)]
    if cell.is_parameter:
        about = _parameter(source, cell)
        if updates is not None:
            rows.append(("last update", float(updates[cell.layer][cell.index])))
    else:
        about = _activation(source, cell)
        if cell.layer > 0:
            pre_activation = float(record.pre_activations[cell.layer - 1][cell.index])
            rows.insert(0, ("pre-activation", pre_activation))
    name = cell.value_cell.name
    heading = f"Difference of {name}" if source.is_difference else name
    return (
        f"<h3>{heading}</h3><p>{about}</p>{_table(rows)}"
        f"<p>{_rank('value', value, values)}<br>{_rank('gradient', gradient, gradients)}</p>"
    )


def _table(rows: Sequence[tuple[str, float]]) -> str:
    cells = (f"<tr><td>{label}</td><td>{number(entry)}</td></tr>" for label, entry in rows)
    return f"<table>{''.join(cells)}</table>"


def _parameter(source: MapSource, cell: Cell) -> str:
    """Return the units that a weight joins, or the unit of a bias."""
    columns, index = map_columns(source.widths), index_of_column(cell)
    target = f"{columns[index + 1].name}[·, {cell.column}]"
    if cell.kind == "bias":
        return f"bias of unit {cell.column}: added to {target}"
    origin = f"{columns[index - 1].name}[·, {cell.row}]"
    return (
        f"from {origin} to {target}: ∂L/∂W is the batch's sum of {origin} times "
        f"δ{cell.layer + 1}[·, {cell.column}]"
    )


def _activation(source: MapSource, cell: Cell) -> str:
    """Return the unit and the example of a cell."""
    unit = source.unit_description(cell.layer, cell.column)
    if cell.kind == "logit" and not source.is_difference:
        unit += f", probability {number(float(source.record.probabilities[cell.index]))}"
    label = source.example_label(cell.row)
    example = f"in example {cell.row}" + (f": {label}" if label else "")
    return f"{escape(unit)}<br>{escape(example)}"


def _rank(name: str, value: float, values: np.ndarray) -> str:
    """Return the rank of a number in its matrix by magnitude."""
    larger = int((np.abs(values) > abs(value)).sum())
    return f"{name}: number {larger + 1:,} of {values.size:,} by magnitude"
