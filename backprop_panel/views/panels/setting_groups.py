"""The fields of the settings that make a new run, and how fields show settings."""

from __future__ import annotations

from typing import Any

import panel as pn
import param

from ...settings import SettingError
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
    to_field,
    with_activations,
)
from .data_preview import DataPreview
from .new_run_offer import NewRunOffer
from .own_text import OwnText
from .suggested_data import SuggestedData

GENERATED = {
    "master_sequences": None,
    "master_labels": None,
    "token_type": "characters",
    "boundary": None,
    "unknown": None,
}
"""The settings of explicit masters, for generated ones."""

PER_LAYER = "Units of every hidden layer, or of each: 64 32 makes two layers."

TEXT = "text"
"""The place of the offer below an own text."""


class NewRunFields(pn.viewable.Viewer):
    """The settings of the network and the data, which a new run takes.

    Attributes
    ----------
    fields : dict of str to Widget
        The fields by the names of their settings.
    """

    session = param.ClassSelector(class_=Session, constant=True)
    pending = param.Boolean(False, doc="Whether a field differs from the setting of the run.")
    changed = param.Dict({}, doc="The run's own setting in words, of each field that differs.")
    wanted = param.Event(doc="Fires when a run with these settings is asked for.")
    revision = param.Integer(0, doc="Counts the changes of the fields, those of a text included.")

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self.fields = new_run_fields()
        # Before they are watched: what they begin with is not checked field by field.
        show_settings(self.fields, with_activations(session.run.settings))
        self._text = OwnText()
        self._suggested = SuggestedData(self.fields)
        self._preview = DataPreview(session, self.settings)
        self._offer = NewRunOffer(
            (*self.fields, TEXT),
            lambda: self.param.trigger("wanted"),
            self.show,
            note="It takes the training settings above as well.",
        )
        source, *others = DATA_FIELDS
        self._layout = pn.Column(
            group_head("Network", "makes a new run"),
            *self._offer.below_each(self.fields, NETWORK_FIELDS[:2]),
            html(PER_LAYER, "bp-legend", margin=(0, 0, 5, 0)),
            *self._offer.below_each(self.fields, NETWORK_FIELDS[2:]),
            group_head("Data", "makes a new run"),
            *self._offer.below_each(self.fields, [source]),
            self._text,
            self._offer.slots[TEXT],
            self._preview,
            *self._offer.below_each(self.fields, others),
            margin=0,
            sizing_mode="stretch_width",
        )
        source = self.fields[source]
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
        self._suggested.forget()
        self._text.show(settings)
        show_settings(self.fields, settings)
        self._show_source()
        self.fields["activations"].visible = self.fields["activation"].value == EACH
        self._update_pending()

    def settings(self) -> dict[str, Any]:
        """Return the settings of a new run.

        Raises
        ------
        SettingError
            If the text of a field is no value of its setting, or the run's settings are hidden.
        """
        self.session.refuse_hidden()
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
        # The offer stays where a person is.
        if name in self.changed and not self._suggested.has(name):
            self._offer.show_below(name)

    def _follow_source(self, event: param.parameterized.Event) -> None:
        """Show what the source begins with, or the run's settings if it is the run's source."""
        self._text.choose(event.new)
        with pn.io.hold():
            self._suggested.follow_source(event.new, self.session.run.settings)
            self._show_source()

    def _show_source(self) -> None:
        """Show the fields that the source has."""
        for name in OF_GENERATED:
            self.fields[name].visible = self.fields["master_sequences"].value == "generated"

    def _check_text(self, event: param.parameterized.Event) -> None:
        if self._text.labelled is not None:
            classifies = "sequence_classification" if self._text.labelled else "next_token"
            self._suggested.fill("task_type", classifies)
        self._fit_length()
        self.session.forget_mistake("master_sequences")
        self._update_pending()
        if self._text.changed:
            self._offer.show_below(TEXT)

    def _fit_length(self) -> None:
        """Suggest a sequence length that fits the text, unless a person chose another."""
        if self._suggested.has("sequence_length"):
            task = self.fields["task_type"].value
            fitting = self._text.fitting_length({"task_type": task})
            if fitting is not None:
                self._suggested.fill("sequence_length", str(fitting))

    def _update_pending(self) -> None:
        settings = with_activations(self.session.run.settings)
        own = {name: to_field(name, settings[name]) for name in self.fields}
        self.changed = {
            name: f"the run shown: {option_label(field, own[name]) or 'none'}"
            for name, field in self.fields.items()
            if field.visible and field.value != own[name]
        }
        self.pending = self._text.changed or bool(self.changed)
        self._offer.layout.visible = self.pending
        self.revision += 1
        is_own = self.fields["master_sequences"].value != "generated"
        self._preview.update(is_own and self.pending)

    def _show_activations(self, event: param.parameterized.Event) -> None:
        """Show a field for the activation of each layer where each has its own."""
        field = self.fields["activations"]
        field.visible = event.new == EACH
        if field.visible and not field.value:
            field.value = " ".join([event.old] * self._hidden_layers())
        self._update_pending()

    def _hidden_layers(self) -> int:
        """Return how many hidden layers the fields ask for; none if they hold no numbers."""
        try:
            layers, units = (
                from_field(name, self.fields[name].value)
                for name in ("hidden_layers", "hidden_dimension")
            )
        except SettingError:
            return 0
        return len(units) if isinstance(units, list) else layers


def option_label(field: pn.widgets.Widget, value: Any) -> Any:
    """Return the label of a selector's option; for other fields, the value itself."""
    options = getattr(field, "options", {})
    return next((label for label, option in options.items() if option == value), value)


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
