"""Groups of setting fields: those that apply at once, and those that make a new run."""

from __future__ import annotations

from typing import Any

import panel as pn
import param

from ...nn.optimizers import OPTIMIZERS
from ..plots.html import html
from ..state.session import Session
from ..widgets.buttons import group_head
from ..widgets.setting_fields import (
    DATA_FIELDS,
    EACH,
    NETWORK_FIELDS,
    OF_GENERATED,
    from_field,
    new_run_fields,
    source_fields,
    to_field,
    training_fields,
    with_activations,
)
from .data_preview import DataPreview
from .own_text import OwnText

GENERATED = {
    "master_sequences": None,
    "master_labels": None,
    "token_type": "characters",
    "boundary": None,
    "unknown": None,
}
"""The settings of explicit masters, for generated ones."""

PER_LAYER = "One number of units for all hidden layers, or one for each: 64 32."
DECAY = {
    False: "Decay is L2: λ·θ is added to the gradient. AdamW takes η·λ·θ from θ instead.",
    True: "Decay is decoupled: η·λ·θ is taken from θ, and the gradient is left alone.",
}
"""How the weight decay of an optimizer works, by whether it is decoupled."""


class TrainingFields(pn.viewable.Viewer):
    """The training settings of the run; a changed field changes its setting at once.

    Attributes
    ----------
    fields : dict of str to Widget
        The fields by the names of their settings.
    """

    session = param.ClassSelector(class_=Session, constant=True)

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self.fields = training_fields()
        self._decay = html("", "bp-legend")
        self._layout = pn.Column(
            *self.fields.values(), self._decay, margin=0, sizing_mode="stretch_width"
        )
        self.fields["optimizer"].param.watch(self._show_decay, "value")
        self._show_decay()
        for field in self.fields.values():
            field.param.watch(self._change, "value")
        session.param.watch(self._follow, "settings")

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def show(self) -> None:
        """Show the run's settings."""
        show_settings(self.fields, self.session.run.settings)

    def _follow(self, event: param.parameterized.Event) -> None:
        """Show the settings that were changed; a text that was refused stays in its field."""
        show_settings(
            {
                name: field
                for name, field in self.fields.items()
                if event.new[name] != event.old.get(name)
            },
            event.new,
        )

    def _show_decay(self, *events: param.parameterized.Event) -> None:
        """Say how the weight decay of the chosen optimizer works."""
        self._decay.object = DECAY[OPTIMIZERS[self.fields["optimizer"].value].decoupled]

    def _change(self, event: param.parameterized.Event) -> None:
        session, name = self.session, name_of(event.obj, self.fields)
        if event.new == to_field(name, session.run.settings[name]):
            session.forget_mistake(name)
        else:
            session.attempt(name, lambda: session.change(name, from_field(name, event.new)))


class NewRunFields(pn.viewable.Viewer):
    """The settings of the network and the data, which a new run takes.

    Attributes
    ----------
    fields : dict of str to Widget
        The fields by the names of their settings.
    """

    session = param.ClassSelector(class_=Session, constant=True)
    pending = param.Boolean(False, doc="Whether a field differs from the setting of the run.")

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self.fields = new_run_fields()
        self._text = OwnText()
        self._preview = DataPreview(session, self.settings)
        source, *others = (self.fields[name] for name in DATA_FIELDS)
        self._layout = pn.Column(
            group_head("Network", "makes a new run"),
            *(self.fields[name] for name in NETWORK_FIELDS),
            html(PER_LAYER, "bp-legend"),
            group_head("Data", "makes a new run"),
            source,
            self._text,
            *others,
            self._preview,
            margin=0,
            sizing_mode="stretch_width",
        )
        source.param.watch(self._follow_source, "value")
        for field in self.fields.values():
            field.param.watch(self._check, "value")
        self.fields["activation"].param.watch(self._show_activations, "value")
        self._text.param.watch(self._check_text, "revision")

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def show(self) -> None:
        """Show the run's settings."""
        settings = with_activations(self.session.run.settings)
        self._text.show(settings)
        show_settings(self.fields, settings)
        self._show_source()
        self._update_pending()

    def settings(self) -> dict[str, Any]:
        """Return the settings of a new run.

        Raises
        ------
        SettingError
            If the text of a field is no value of its setting.
        """
        values = {name: field.value for name, field in self.fields.items()}
        new = with_changes(self.session.run.settings, values)
        if values["master_sequences"] == "generated" or not self._text.changed:
            return new
        return new | self._text.settings(new)

    def _check(self, event: param.parameterized.Event) -> None:
        """Refuse a text that is no value of its setting, as soon as it is typed."""
        session, name = self.session, name_of(event.obj, self.fields)
        session.forget_mistake(name)
        session.attempt(name, lambda: from_field(name, event.new))
        self._update_pending()

    def _follow_source(self, event: param.parameterized.Event) -> None:
        """Show what the source begins with, or the run's settings if it is the run's source."""
        settings = self.session.run.settings
        self._text.choose(event.new)
        first = source_fields(event.new)
        if event.new == to_field("master_sequences", settings["master_sequences"]):
            first = {name: to_field(name, settings[name]) for name in first}
        with pn.io.hold():
            for name, value in first.items():
                self.fields[name].value = value
            self._show_source()

    def _show_source(self) -> None:
        """Show the fields that the source has."""
        for name in OF_GENERATED:
            self.fields[name].visible = self.fields["master_sequences"].value == "generated"

    def _check_text(self, event: param.parameterized.Event) -> None:
        if self._text.labelled is not None:
            classifies = "sequence_classification" if self._text.labelled else "next_token"
            self.fields["task_type"].value = classifies
        self.session.forget_mistake("master_sequences")
        self._update_pending()

    def _update_pending(self) -> None:
        settings = with_activations(self.session.run.settings)
        self.pending = self._text.changed or any(
            field.visible and field.value != to_field(name, settings[name])
            for name, field in self.fields.items()
        )
        is_own = self.fields["master_sequences"].value != "generated"
        self._preview.update(is_own and self.pending)

    def _show_activations(self, event: param.parameterized.Event) -> None:
        """Show a field for the activation of each layer where each has its own."""
        self.fields["activations"].visible = event.new == EACH
        self._update_pending()


def show_settings(fields: dict[str, pn.widgets.Widget], settings: dict[str, Any]) -> None:
    """Show settings in their fields."""
    for name, field in fields.items():
        field.value = to_field(name, settings[name])


def with_changes(settings: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """Return a run's settings with the changes that its fields show.

    Parameters
    ----------
    settings : dict
        The settings of a run.
    values : dict
        The values of the fields, by the names of their settings.

    Raises
    ------
    SettingError
        If the text of a field is no value of its setting.
    """
    settings = with_activations(settings)
    changed = {
        name: from_field(name, value)
        for name, value in values.items()
        if value != to_field(name, settings[name])
    }
    new = dict(settings)
    if changed.pop("master_sequences", None) == "generated":
        new |= GENERATED | {"vocabulary": from_field("vocabulary", values["vocabulary"])}
    new |= changed
    activations = new.pop("activations")
    if new["activation"] == EACH:
        new["activation"] = activations
    lists = any(isinstance(new[name], list) for name in ("hidden_dimension", "activation"))
    if lists and "hidden_layers" not in changed:
        del new["hidden_layers"]  # the length of the list
    return new


def name_of(field: object, fields: dict[str, Any]) -> str:
    """Return the name of the setting that a field belongs to."""
    return next(name for name, known in fields.items() if known is field)
