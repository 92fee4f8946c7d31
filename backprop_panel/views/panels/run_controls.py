"""The controls of the run: its list, its name, and the buttons that make and change runs."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import panel as pn
import panel_material_ui as pmui
import param

from ...storage.run_names import MOST_NAME_LENGTH
from ..plots.html import html
from ..state.run_order import in_order
from ..state.session import Session
from ..widgets.buttons import SMALL, RunSelect, button, working_button
from .demonstrations_menu import DemonstrationsMenu
from .kept_settings import KeptSettings
from .run_deletion import RunDeletion
from .setting_groups import NewRunFields


class RunControls(pn.viewable.Viewer):
    """Chooses, makes, forks, resets, renames and deletes runs.

    Parameters
    ----------
    session : Session
    new_run : NewRunFields
        The settings of a new run.
    kept : KeptSettings
        Told of each new run.
    after_reset : callable
        Called after the run was reset.

    Attributes
    ----------
    fields : dict of str to Widget
        The fields by the subjects of the messages that they show.
    deletion : RunDeletion
        Has the question before a run is deleted.
    """

    session = param.ClassSelector(class_=Session, constant=True)
    new_run = param.ClassSelector(class_=NewRunFields, constant=True)

    def __init__(
        self,
        session: Session,
        new_run: NewRunFields,
        kept: KeptSettings,
        after_reset: Callable[[], None],
    ) -> None:
        super().__init__(session=session, new_run=new_run)
        self._kept = kept
        self._after_reset = after_reset
        self._active = RunSelect(label="Active run", **SMALL)
        self._active.param.watch(self._switch, "value")
        self._name = pmui.TextInput(label="Run name", max_length=MOST_NAME_LENGTH, **SMALL)
        self.fields = {"name": self._name, "runs": self._active}
        self._new = working_button("New run", self._create)
        new_run.param.watch(self._mark_new, "pending")
        new_run.param.watch(lambda event: self._create(), "wanted")
        self.deletion = RunDeletion(session)
        self._undo_note = html("", "bp-note", align="center")
        self._undo_row = pn.Row(
            button("Undo", self._undo), self._undo_note, margin=(6, 0, 0, 0), visible=False
        )
        session.undo.param.watch(self._show_undo, "label")
        self._layout = self._lay_out()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _lay_out(self) -> pn.Column:
        buttons = pn.FlexBox(
            self._new,
            working_button("Fork", self._fork),
            button("Reset", self._reset),
            button("Rename", self._rename),
            self.deletion,
            gap="6px 0",
            margin=0,
        )
        return pn.Column(
            self._active,
            self._name,
            buttons,
            self._kept,
            DemonstrationsMenu(self.session),
            self._undo_row,
            margin=0,
            sizing_mode="stretch_width",
        )

    def show(self) -> None:
        """Show all runs and which of them is the active one."""
        self._active.offer(in_order(self.session.manager.runs), self.session.run.id)

    def _switch(self, event: param.parameterized.Event) -> None:
        if event.new and event.new != self.session.run.id:
            session = self.session
            session.attempt("runs", lambda: session.manager.switch(event.new))

    def _mark_new(self, event: param.parameterized.Event) -> None:
        self._new.param.update(
            color="primary" if event.new else "default",
            variant="contained" if event.new else "outlined",
        )

    def _create(self) -> None:
        before = self.session.run
        done = self._attempt(
            "runs",
            # Without a fault: none is ever on by accident.
            lambda: self.session.new_run(
                self._name.value or None, **{**self.new_run.settings(), "fault": None}
            ),
        )
        if done:
            self._kept.tell(before)

    def _fork(self) -> None:
        self._attempt("runs", lambda: self.session.fork_past(self._name.value or None))

    def _reset(self) -> None:
        # In one message: text that is typed as soon as the page shows step 0 is not overwritten.
        with pn.io.hold():
            if self._attempt("runs", self.session.reset):
                self._after_reset()

    def _rename(self) -> None:
        session = self.session
        self._attempt("name", lambda: session.manager.rename(session.run.id, self._name.value))

    def _attempt(self, control: str, action: Callable[[], object]) -> bool:
        """Attempt an action that uses up the typed name, and return whether it succeeded."""
        done = self.session.attempt(control, action)
        if done:
            self._name.value = ""
        return done

    def _undo(self) -> None:
        with pn.io.hold():
            if self._attempt("runs", self.session.take_back):
                self._after_reset()

    def _show_undo(self, event: param.parameterized.Event) -> None:
        """Offer to undo the last reset or deletion, if there was one."""
        self._undo_note.object = escape(event.new)
        self._undo_row.visible = bool(event.new)
