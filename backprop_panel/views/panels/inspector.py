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
from ..plots.heatmap import Place
from ..plots.html import example, html, number
from ..state.map_columns import slots_of
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
        place = self.session.selection
        text = self._explained(place) if place else NOTHING
        if text != self._text.object:
            self._text.object = text
        self._let_go.visible = place is not None
        self._show_edit(place)

    def _explained(self, place: Place) -> str:
        session = self.session
        if session.other is not None:
            return explained(session.run, session.shown, place, None, comparing=True)
        record = session.record
        updates = record.layer_updates if record.updated else session.engine.layer_updates
        return explained(session.run, record, place, updates)

    def _show_edit(self, place: Place | None) -> None:
        """Offer to set a weight, and to freeze its layer."""
        layer = _layer(place)
        self._edit.visible = layer is not None
        if layer is not None:
            self._showing = True
            self._frozen.param.update(
                label=f"Freeze W{layer + 1}", value=layer in self.session.engine.frozen
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
            "weight", lambda: session.freeze(_layer(session.selection), event.new)
        ):
            self._show_edit(session.selection)

    def _show_mistake(self, event: param.parameterized.Event) -> None:
        message = event.new.get("weight", "")
        self._value.param.update(error_state=bool(message), helper_text=message)


def _layer(place: Place | None) -> int | None:
    """Return the layer to which a chosen weight belongs, None for anything else."""
    name = place.heatmap.removeprefix("d") if place else ""
    return int(name.removeprefix("W")) - 1 if name.startswith("W") else None


def explained(
    run: TrainingRun,
    record: StepRecord,
    place: Place,
    updates: Sequence[Array] | None,
    comparing: bool = False,
) -> str:
    """Return the selected cell in words and numbers, as HTML.

    Parameters
    ----------
    run : TrainingRun
    record : StepRecord
        What the map shows: values, or differences of two moments.
    place : Place
    updates : sequence of array, shape (in + 1, out), or None
        What the last step added to each layer, where that is known.
    comparing : bool
        Whether they are differences.
    """
    slots = {slot.name: slot for slot in slots_of(run)}
    slot = slots[place.heatmap.removeprefix("d")]
    values, gradients = slot.value(record), slot.gradient(record)
    if place.row >= len(values):
        return "That row is not in this batch."
    cell = (place.row, place.column)
    value, gradient = float(values[cell]), float(gradients[cell])
    if slot.kind == "weight":
        name, about = _weight(run, slot.index, place)
        rows = [("value", value), ("gradient", gradient)]
        if updates is not None:
            rows.append(("last update", float(updates[slot.index][cell])))
    else:
        name, about = _activation(run, record, slot.name, slot.index, place, comparing)
        rows = [("value", value), ("gradient", gradient)]
        if 0 < slot.index:
            rows.insert(0, ("pre-activation", float(record.pre_activations[slot.index - 1][cell])))
    table = "".join(f"<tr><td>{label}</td><td>{number(entry)}</td></tr>" for label, entry in rows)
    heading = f"Difference of {name}" if comparing else name
    return (
        f"<h3>{heading}</h3><p>{about}</p><table>{table}</table>"
        f"<p>{_standing('value', value, values)}<br>"
        f"{_standing('gradient', gradient, gradients)}</p>"
    )


def _weight(run: TrainingRun, layer: int, place: Place) -> tuple[str, str]:
    inputs = run.model.network.widths[layer]
    target = f"{_level_name(run, layer + 1)}[·, {place.column}]"
    if place.row == inputs:
        return f"b{layer + 1}[{place.column}]", f"bias of unit {place.column}: added to {target}"
    source = f"{_level_name(run, layer)}[·, {place.row}]"
    return (
        f"W{layer + 1}[{place.row}, {place.column}]",
        f"from {source} to {target}: ∂L/∂W is the batch's sum of {source} times "
        f"δ{layer + 1}[·, {place.column}]",
    )


def _activation(
    run: TrainingRun, record: StepRecord, name: str, level: int, place: Place, comparing: bool
) -> tuple[str, str]:
    data = run.dataset
    tokens = example(
        data.tokens(record.contexts[place.row]), data.output_labels[record.targets[place.row]]
    )
    if level == 0:
        position, token = divmod(place.column, len(data.vocabulary))
        unit = f"is token {position + 1} “{data.vocabulary[token]}”?"
    elif level == run.model.network.depth:
        unit = f"logit of “{data.output_labels[place.column]}”"
        if not comparing:
            probability = number(float(record.probabilities[place.row, place.column]))
            unit += f", probability {probability}"
    else:
        unit = f"unit {place.column}, {run.model.network.activation_names[level - 1]}"
    about = f"{escape(unit)}<br>in example {place.row}: {escape(tokens)}"
    return f"{name}[{place.row}, {place.column}]", about


def _level_name(run: TrainingRun, level: int) -> str:
    if level == 0:
        return "X"
    return "ŷ" if level == run.model.network.depth else f"a{level}"


def _standing(what: str, value: float, values: np.ndarray) -> str:
    """Say where a number stands among its matrix by magnitude."""
    larger = int((np.abs(values) > abs(value)).sum())
    return f"{what}: number {larger + 1:,} of {values.size:,} by magnitude"
