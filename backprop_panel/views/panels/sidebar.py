"""The sidebar: the run, its training settings, and the settings of a new run."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from html import escape
from typing import Any

import panel as pn
import param

from ..plots.html import html
from ..state.session import Session
from ..widgets.buttons import group_head
from ..widgets.setting_fields import to_field, with_label
from .import_export import ImportExport
from .playback_controls import PlaybackControls
from .run_controls import RunControls
from .setting_groups import NewRunFields, TrainingFields

SHARED = "Shared: everyone who opens this page sees and changes these runs."

SHOWN_ELSEWHERE = (
    "training",
    "stop_after",
    "stop_below",
    "rename",
    "weight",
    "what_if",
    "difference",
    "step",
    "unreadable",
)
"""Subjects of messages that other parts of the page show."""


class Sidebar(pn.viewable.Viewer):
    """The groups of settings, and the messages about them.

    Parameters
    ----------
    session : Session
    map_fields : list of Viewable
        The settings of the map's colour scales.
    defaults : mapping, optional
        The settings of the page's first run, which links need not carry.
    shared : bool
        Whether the runs are those of everyone who opens the page.
    """

    session = param.ClassSelector(class_=Session, constant=True)

    def __init__(
        self,
        session: Session,
        map_fields: list[pn.viewable.Viewable],
        defaults: Mapping[str, Any] | None = None,
        shared: bool = False,
    ) -> None:
        super().__init__(session=session)
        self._training = TrainingFields(session)
        self._new_run = NewRunFields(session)
        self._runs = RunControls(session, self._new_run, after_reset=self._show)
        self._fields = {**self._training.fields, **self._new_run.fields, **self._runs.fields}
        self._note = html("", "bp-note", visible=False)
        self._shared = html(SHARED, "bp-legend", visible=shared)
        self._layout = self._lay_out(map_fields, defaults)
        session.param.watch(self._show, "run")
        session.param.watch(self._show_messages, ["mistakes", "past"])
        session.manager.param.watch(self._show, "runs")
        self._show()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _lay_out(
        self, map_fields: list[pn.viewable.Viewable], defaults: Mapping[str, Any] | None
    ) -> pn.Column:
        return pn.Column(
            group_head("Run"),
            self._runs,
            self._note,
            self._shared,
            group_head("Training", "applies at once"),
            self._training,
            PlaybackControls(self.session),
            self._new_run,
            group_head("Colours"),
            *map_fields,
            ImportExport(self.session, self._new_run, defaults),
            self._runs.delete_dialog,
            margin=(0, 12),
            sizing_mode="stretch_width",
            css_classes=["bp-settings"],
        )

    def _show(self, *events: param.parameterized.Event) -> None:
        """Show the run's settings and the messages about them."""
        self._training.show()
        self._new_run.show()
        self._runs.show()
        self._show_messages()

    def _show_messages(self, *events: param.parameterized.Event) -> None:
        """Show each message beside its field, or else below the buttons.

        A field without a message shows its past value, where that differs from the present one.
        """
        fields, mistakes = self._fields, self.session.mistakes
        messages = labelled(mistakes, {name: field.label for name, field in fields.items()})
        past_values = self._past_values()
        for name, field in fields.items():
            message = messages.get(name, "")
            field.param.update(
                error_state=bool(message), helper_text=message or past_values.get(name, "")
            )
        others = without_field(mistakes, fields)
        self._note.param.update(object="<br>".join(map(escape, others)), visible=bool(others))

    def _past_values(self) -> dict[str, str]:
        """Return, at a past step, a text for each training setting that has changed since."""
        past = self.session.past
        if past is None:
            return {}
        then, now = past.settings, self.session.run.trainer.engine.settings
        return {
            name: f"{_option_label(field, to_field(name, getattr(then, name)))}"
            f" at step {past.step:,}"
            for name, field in self._training.fields.items()
            if getattr(then, name) != getattr(now, name)
        }


def labelled(mistakes: dict[str, str], labels: dict[str, str]) -> dict[str, str]:
    """Return the messages of the fields, with labels in place of the names of settings.

    Parameters
    ----------
    mistakes : dict of str to str
        Messages by their subjects: settings or controls. One message may have two subjects.
    labels : dict of str to str
        The labels of the fields, by their settings.
    """
    replacements = {
        message: with_label(message, name, labels[name])
        for name, message in mistakes.items()
        if name in labels and message.startswith(name)
    }
    return {
        name: replacements.get(message, message)
        for name, message in mistakes.items()
        if name in labels
    }


def without_field(mistakes: dict[str, str], fields: Collection[str]) -> list[str]:
    """Return the messages that neither a field nor another part of the page shows."""
    shown = {mistakes.get(name) for name in fields}
    return [
        message
        for name, message in mistakes.items()
        if name not in fields and name not in SHOWN_ELSEWHERE and message not in shown
    ]


def _option_label(field: pn.widgets.Widget, value: Any) -> Any:
    """Return the label of a selector's option; for other fields, the value itself."""
    options = getattr(field, "options", {})
    return next((label for label, option in options.items() if option == value), value)
