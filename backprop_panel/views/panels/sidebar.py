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
from ..widgets.page_words import in_page_words
from ..widgets.setting_fields import to_field
from .import_export import ImportExport
from .kept_settings import KeptSettings
from .playback_controls import PlaybackControls
from .run_controls import RunControls
from .setting_groups import NewRunFields, option_label
from .training_fields import TrainingFields

SHARED = "Shared: everyone who opens this page sees and changes these runs."

SHOWN_ELSEWHERE = (
    "stop_after",
    "stop_below",
    "rename",
    "weight",
    "what_if",
    "find",
    "difference",
    "step",
    "sweep",
    "detective",
    "unreadable",
)
"""Subjects of messages that other parts of the page show."""


SECRET = "The settings of this run are hidden: the detective finds them out, on the tab Health."


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
        settings = {**self._training.fields, **self._new_run.fields}
        kept = KeptSettings(session, settings, defaults)
        self._runs = RunControls(session, self._new_run, kept, after_reset=self._show)
        self._fields = {**settings, **self._runs.fields}
        self._note = html("", "bp-note", visible=False)
        self._shared = html(SHARED, "bp-legend", visible=shared, margin=(6, 0, 0, 0))
        self._secret = html(SECRET, "bp-note", visible=False, margin=(14, 0, 0, 0))
        self._settings = self._settings_groups()
        self._layout = self._lay_out(map_fields, defaults)
        session.param.watch(self._show, "run")
        session.param.watch(self._show_messages, ["mistakes", "past"])
        for group in (self._training, self._new_run):
            group.param.watch(self._show_messages, "changed")
        self._training.param.watch(lambda event: self._new_run.param.trigger("wanted"), "wanted")
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
            html(account(pn.state.user), "bp-legend", visible=bool(pn.state.user)),
            self._secret,
            self._settings[0],
            PlaybackControls(self.session),
            self._settings[1],
            group_head("Map"),
            *map_fields,
            ImportExport(self.session, self._new_run, defaults),
            self._runs.deletion.dialog,
            margin=(0, 12),
            sizing_mode="stretch_width",
            css_classes=["bp-settings"],
        )

    def _settings_groups(self) -> tuple[pn.Column, pn.Column]:
        """Return the settings that stand before those of playing, and those that follow."""
        return (
            pn.Column(
                group_head("Training", "applies at once"),
                self._training,
                margin=0,
                sizing_mode="stretch_width",
            ),
            pn.Column(
                group_head("Fault lab", "applies at once"),
                self._training.fault_lab,
                self._new_run,
                margin=0,
                sizing_mode="stretch_width",
            ),
        )

    def _show(self, *events: param.parameterized.Event) -> None:
        """Show the run's settings and the messages about them, unless they are to be guessed."""
        is_secret = self.session.run.secret
        self._secret.visible = is_secret
        for group in self._settings:
            group.visible = not is_secret
        self._training.show()
        self._new_run.show()
        self._runs.show()
        self._show_messages()

    def _show_messages(self, *events: param.parameterized.Event) -> None:
        """Show each message beside its field, or else below the buttons.

        A field without a message shows its past value where that differs from the present one, or
        the run's own where it would make another run.
        """
        fields, mistakes = self._fields, self.session.mistakes
        past_values = self._past_values()
        changed = self._training.changed | self._new_run.changed
        for name, field in fields.items():
            message = in_page_words(mistakes.get(name, ""))
            said = bool(message), message or past_values.get(name) or changed.get(name, "")
            if said != (field.error_state, field.helper_text):  # an update takes tenths of a ms
                field.param.update(error_state=said[0], helper_text=said[1])
        others = map(in_page_words, without_field(mistakes, fields))
        note = "<br>".join(map(escape, others))
        self._note.param.update(object=note, visible=bool(note))

    def _past_values(self) -> dict[str, str]:
        """Return, at a past step, a text for each training setting that has changed since."""
        past = self.session.past
        if past is None:
            return {}
        then, now = past.settings, self.session.run.trainer.engine.settings
        return {
            name: f"{option_label(field, to_field(name, getattr(then, name)))}"
            f" at step {past.step:,}"
            for name, field in self._training.fields.items()
            if getattr(then, name) != getattr(now, name)
        }


def account(user: str | None) -> str:
    """Return who has logged in at Panel's page, and the link that ends it, as HTML."""
    # Relative, as in Panel's documentation: a server may stand under a prefix.
    return f'{escape(user)} · <a href="./logout">Log out</a>' if user else ""


def without_field(mistakes: dict[str, str], fields: Collection[str]) -> list[str]:
    """Return the messages that neither a field nor another part of the page shows."""
    shown = {mistakes.get(name) for name in fields}
    return [
        message
        for name, message in mistakes.items()
        if name not in fields and name not in SHOWN_ELSEWHERE and message not in shown
    ]
