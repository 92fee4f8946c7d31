"""What is selected: its name, its value, its gradient, and where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
import panel as pn
import panel_material_ui as pmui
import param

from ...nn.record import Array, StepRecord
from ...runs.run import TrainingRun
from ..plots.html import example, html, number
from ..state.cell import Cell, symbol
from ..state.map_columns import index_of_column, map_columns
from ..state.session import Session
from ..widgets.buttons import SMALL, button
from ..widgets.setting_fields import finite

NOTHING = "Click a cell of the map: this is where it is explained."


class Explanation(pn.viewable.Viewer):
    """The panel at the right."""

    session = param.ClassSelector(class_=Session, constant=True)

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self._text = html(NOTHING, "bp-explanation")
        self._value = pmui.TextInput(label="Set value", placeholder="and Enter", **SMALL)
        self._value.param.watch(self._set_value, "value")
        self._frozen = pmui.Checkbox(label="", margin=0)
        self._frozen.param.watch(self._freeze, "value")
        self._showing = False
        self._edit = pn.Column(
            self._value, self._frozen, visible=False, margin=0, sizing_mode="stretch_width"
        )
        self._let_go = button("Deselect", self._deselect, margin=(8, 0), visible=False)
        self._layout = pn.Column(
            self._text, self._edit, self._let_go, margin=(0, 14), sizing_mode="stretch_width"
        )
        session.param.watch(self._show, ["selection", "record", "other"])
        session.param.watch(self._show_mistake, "mistakes")

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _show(self, *events: param.parameterized.Event) -> None:
        cell = self.session.selection
        text = self._explained(cell) if cell else NOTHING
        if text != self._text.object:
            self._text.object = text
        self._let_go.visible = cell is not None
        self._show_edit(cell)

    def _explained(self, cell: Cell) -> str:
        session = self.session
        if session.other is not None:
            return explained(session.run, session.shown, cell, None, comparing=True)
        record = session.record
        updates = record.layer_updates if record.updated else session.engine.layer_updates
        return explained(session.run, record, cell, updates)

    def _show_edit(self, cell: Cell | None) -> None:
        """Offer to set a weight, and to freeze its layer."""
        self._edit.visible = cell is not None and cell.is_parameter
        if self._edit.visible:
            self._showing = True
            self._frozen.param.update(
                label=f"Freeze {symbol('weight', cell.layer)}",
                value=cell.layer in self.session.engine.frozen,
            )
            self._showing = False

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
        if not self._showing and not session.attempt(
            "weight", lambda: session.freeze(session.selection.layer, event.new)
        ):
            self._show_edit(session.selection)

    def _show_mistake(self, event: param.parameterized.Event) -> None:
        message = event.new.get("weight", "")
        self._value.param.update(error_state=bool(message), helper_text=message)


def explained(
    run: TrainingRun,
    record: StepRecord,
    cell: Cell,
    updates: Sequence[Array] | None,
    comparing: bool = False,
) -> str:
    """Return the selected cell in words and numbers, as HTML.

    Parameters
    ----------
    run : TrainingRun
    record : StepRecord
        What the map shows: values, or differences of two moments.
    cell : Cell
    updates : sequence of array, shape (in + 1, out), or None
        What the last step added to each layer, where that is known.
    comparing : bool
        Whether they are differences.
    """
    values, gradients = cell.values(record), cell.gradients(record)
    if cell.row >= len(values):
        return "That row is not in this batch."
    value, gradient = float(values[cell.index]), float(gradients[cell.index])
    rows = [("value", value), ("gradient", gradient)]
    if cell.is_parameter:
        about = _parameter(run, cell)
        if updates is not None:
            rows.append(("last update", float(updates[cell.layer][cell.index])))
    else:
        about = _activation(run, record, cell, comparing)
        if cell.layer > 0:
            before = float(record.pre_activations[cell.layer - 1][cell.index])
            rows.insert(0, ("pre-activation", before))
    table = "".join(f"<tr><td>{label}</td><td>{number(entry)}</td></tr>" for label, entry in rows)
    name = cell.value_cell.name
    heading = f"Difference of {name}" if comparing else name
    return (
        f"<h3>{heading}</h3><p>{about}</p><table>{table}</table>"
        f"<p>{_standing('value', value, values)}<br>"
        f"{_standing('gradient', gradient, gradients)}</p>"
    )


def _parameter(run: TrainingRun, cell: Cell) -> str:
    """Say what a weight or bias joins."""
    columns, at = map_columns(run.model.network.widths), index_of_column(cell)
    target = f"{columns[at + 1].name}[·, {cell.column}]"
    if cell.kind == "bias":
        return f"bias of unit {cell.column}: added to {target}"
    source = f"{columns[at - 1].name}[·, {cell.row}]"
    return (
        f"from {source} to {target}: ∂L/∂W is the batch's sum of {source} times "
        f"δ{cell.layer + 1}[·, {cell.column}]"
    )


def _activation(run: TrainingRun, record: StepRecord, cell: Cell, comparing: bool) -> str:
    """Say which unit of which example it is."""
    data = run.dataset
    tokens = example(
        data.tokens(record.contexts[cell.row]), data.output_labels[record.targets[cell.row]]
    )
    if cell.kind == "input":
        position, token = divmod(cell.column, len(data.vocabulary))
        unit = f"is token {position + 1} “{data.vocabulary[token]}”?"
    elif cell.kind == "logit":
        unit = f"logit of “{data.output_labels[cell.column]}”"
        if not comparing:
            unit += f", probability {number(float(record.probabilities[cell.index]))}"
    else:
        unit = f"unit {cell.column}, {run.model.network.activation_names[cell.layer - 1]}"
    return f"{escape(unit)}<br>in example {cell.row}: {escape(tokens)}"


def _standing(what: str, value: float, values: np.ndarray) -> str:
    """Say where a number stands among its matrix by magnitude."""
    larger = int((np.abs(values) > abs(value)).sum())
    return f"{what}: number {larger + 1:,} of {values.size:,} by magnitude"
