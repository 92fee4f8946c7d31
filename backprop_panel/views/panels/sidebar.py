"""The sidebar: runs, the settings that apply at once, and those that make a new run."""

from __future__ import annotations

from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from ..plots.html import html
from ..state.session import Session
from ..widgets.buttons import SMALL, RunSelect, button, head
from ..widgets.setting_fields import (
    DATA_WIDGETS,
    NETWORK_WIDGETS,
    in_words,
    new_run_widgets,
    read,
    shown,
    source_settings,
    training_widgets,
)
from .import_export import Exchange
from .playback_controls import Playing

ELSEWHERE = (
    "training",
    "stop_after",
    "stop_below",
    "rename",
    "weight",
    "difference",
    "step",
    "unreadable",
)
"""What messages are about that stand somewhere else."""


class Settings(pn.viewable.Viewer):
    """The sidebar: runs, what changes at once, and what makes a new run."""

    session = param.ClassSelector(class_=Session, constant=True)

    def __init__(self, session: Session, colours: list[pn.viewable.Viewable]) -> None:
        super().__init__(session=session)
        self._showing = False
        self._training = training_widgets()
        self._new_run = new_run_widgets()
        for widget in self._training.values():
            widget.param.watch(self._change_training, "value")
        for widget in self._new_run.values():
            widget.param.watch(self._change_configuration, "value")
        self._active = RunSelect(label="Active run", **SMALL)
        self._active.param.watch(self._switch, "value")
        self._name = pmui.TextInput(label="Run name", max_length=60, **SMALL)
        self._new = button("New run", self._create)
        self._note = html("", "bp-note", visible=False)
        self._confirm = self._confirmation()
        self._playing = Playing(session)
        self._fields = {**self._training, **self._new_run, "name": self._name, "runs": self._active}
        self._layout = self._lay_out(colours)
        session.param.watch(self._show, ["run", "mistakes"])
        session.param.watch(self._show_messages, "past")
        session.manager.param.watch(self._show, "runs")
        self._show()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _lay_out(self, colours: list[pn.viewable.Viewable]) -> pn.Column:
        return pn.Column(
            head("Run"),
            self._active,
            self._name,
            pn.FlexBox(
                self._new,
                button("Fork", self._fork),
                button("Reset", self._reset),
                button("Rename", self._rename),
                button("Delete", self._ask_delete),
                gap="6px 0",
                margin=0,
            ),
            self._note,
            head("Training", "applies at once"),
            *self._training.values(),
            self._playing,
            head("Network", "makes a new run"),
            *(self._new_run[name] for name in NETWORK_WIDGETS),
            head("Data", "makes a new run"),
            *(self._new_run[name] for name in DATA_WIDGETS),
            head("Colours"),
            *colours,
            Exchange(self.session),
            self._confirm,
            margin=(0, 12),
            sizing_mode="stretch_width",
            css_classes=["bp-settings"],
        )

    def _show(self, *events: param.parameterized.Event) -> None:
        """Show the run's settings and the messages about them."""
        self._showing = True
        run = self.session.run
        settings = run.settings
        if not events or any(event.name != "mistakes" for event in events):
            for name, widget in {**self._training, **self._new_run}.items():
                widget.value = shown(name, settings[name])
            self._active.offer(self.session.manager.runs, run.id)
        self._showing = False
        self._show_messages()
        self._show_pending()

    def _show_messages(self, *events: param.parameterized.Event) -> None:
        """Show what was wrong, and which settings were others at the moment that is shown."""
        fields, mistakes, then = self._fields, self.session.mistakes, self._settings_of_the_past()
        worded = {
            text: in_words(text, name, fields[name].label)
            for name, text in mistakes.items()
            if name in fields and text.startswith(name)
        }
        for name, widget in fields.items():
            message = mistakes.get(name, "")
            widget.param.update(
                error_state=bool(message),
                helper_text=worded.get(message, message) or then.get(name, ""),
            )
        others = [
            text
            for name, text in mistakes.items()
            if name not in fields
            and name not in ELSEWHERE
            and text not in {mistakes.get(known) for known in fields}
        ]
        self._note.param.update(object="<br>".join(map(escape, others)), visible=bool(others))

    def _settings_of_the_past(self) -> dict[str, str]:
        """Return what the settings were, at the past step that is shown, that are others now."""
        past = self.session.past
        if past is None:
            return {}
        then, now = past.settings, self.session.run.trainer.engine.settings
        return {
            name: f"{_label(widget, shown(name, getattr(then, name)))} at step {past.step:,}"
            for name, widget in self._training.items()
            if getattr(then, name) != getattr(now, name)
        }

    def _change_training(self, event: param.parameterized.Event) -> None:
        if self._showing:
            return
        name = _name_of(event.obj, self._training)
        session = self.session
        session.attempt(name, lambda: session.change(name, read(name, event.new)))

    def _change_configuration(self, event: param.parameterized.Event) -> None:
        if not self._showing:
            name = _name_of(event.obj, self._new_run)
            self.session.forget_mistake(name)
            self.session.attempt(name, lambda: read(name, event.new))
            self._show_pending()

    def _pending(self) -> dict[str, Any]:
        """Return what was set differently from the run: it waits for a new one."""
        settings = self.session.run.settings
        return {
            name: widget.value
            for name, widget in self._new_run.items()
            if widget.value != shown(name, settings[name])
        }

    def _show_pending(self) -> None:
        pending = self._pending()
        self._new.param.update(
            color="primary" if pending else "default",
            variant="contained" if pending else "outlined",
        )

    def _create(self) -> None:
        """Make a run with all that the sidebar says."""
        session = self.session
        wanted = {name: widget.value for name, widget in self._new_run.items()}
        name = self._name.value or None
        if session.attempt(
            "runs",
            lambda: session.manager.create(
                name=name, **_new_settings(session.run.settings, wanted)
            ),
        ):
            self._name.value = ""

    def _fork(self) -> None:
        session = self.session
        if session.attempt("runs", lambda: session.fork_past(self._name.value or None)):
            self._name.value = ""

    def _reset(self) -> None:
        # In one message: a field that is typed into once the step reads 0 is not overwritten.
        with pn.io.hold():
            if self.session.attempt("runs", self.session.reset):
                self._name.value = ""
                self._show()

    def _rename(self) -> None:
        session = self.session
        if session.attempt(
            "name", lambda: session.manager.rename(session.run.id, self._name.value)
        ):
            self._name.value = ""

    def _switch(self, event: param.parameterized.Event) -> None:
        if not self._showing and event.new:
            session = self.session
            session.attempt("runs", lambda: session.manager.switch(event.new))

    def _confirmation(self) -> pmui.Dialog:
        self._question = html("", "bp-note")
        return pmui.Dialog(
            self._question,
            pn.Row(
                button("Cancel", self._close_dialog),
                button("Delete run", self._delete, color="error", variant="contained", sx={}),
            ),
            title="Delete run?",
            open=False,
            close_on_click=True,  # or with Escape
        )

    def _ask_delete(self) -> None:
        if len(self.session.manager.runs) == 1:
            self._try_to_delete()  # is refused: there is nothing to ask
            return
        name = escape(self.session.run.name)
        self._question.object = f"<b>{name}</b> and its history will be gone."
        self._confirm.open = True

    def _close_dialog(self) -> None:
        self._confirm.open = False

    def _delete(self) -> None:
        self._close_dialog()
        self.session.pause()
        self._try_to_delete()

    def _try_to_delete(self) -> None:
        session = self.session
        session.attempt("runs", lambda: session.manager.delete(session.run.id))


def _new_settings(settings: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """Return a run's settings with what the widgets say that is to be different.

    Raises
    ------
    SettingError
        For a text that says no value.
    """
    changed = {
        name: read(name, value)
        for name, value in wanted.items()
        if value != shown(name, settings[name])
    }
    new = dict(settings)
    if "master_sequences" in changed:
        new |= source_settings(wanted["master_sequences"])
    elif {"vocabulary", "num_master_sequences"} & set(changed):
        new["master_sequences"] = None
    new |= changed
    if any(isinstance(changed.get(name), list) for name in ("hidden_dimension", "activation")):
        del new["hidden_layers"]  # as many as the list has entries
    return new


def _label(widget: pn.widgets.Widget, value: Any) -> str:
    """Return a value as people read it: a list of choices has its own words for it."""
    options = getattr(widget, "options", {})
    return next((label for label, option in options.items() if option == value), value)


def _name_of(widget: object, widgets: dict[str, Any]) -> str:
    return next(name for name, known in widgets.items() if known is widget)
