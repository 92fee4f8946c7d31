"""The deletion of a run: its button, and the question before the run is gone."""

from __future__ import annotations

from html import escape

import panel as pn
import panel_material_ui as pmui
import param

from ..plots.html import html
from ..state.session import Session
from ..widgets.buttons import button


class RunDeletion(pn.viewable.Viewer):
    """The button that deletes the run which is shown, once a dialog has asked.

    Parameters
    ----------
    session : Session

    Attributes
    ----------
    dialog : Dialog
        The question, to be placed on the page.
    """

    session = param.ClassSelector(class_=Session, constant=True)

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self._button = button("Delete", self._ask)
        self._question = html("", "bp-note")
        self.dialog = pmui.Dialog(
            self._question,
            pn.Row(
                button("Cancel", self._close),
                button("Delete run", self._confirm, color="error", variant="contained", sx={}),
            ),
            title="Delete run?",
            open=False,
            close_on_click=True,  # also lets Escape close it
        )
        self.dialog.param.watch(self._give_focus_back, "open")

    def __panel__(self) -> pn.viewable.Viewable:
        return self._button

    def _ask(self) -> None:
        if len(self.session.manager.runs) == 1:
            self._delete()  # refused, so no question is needed
            return
        name = escape(self.session.run.name)
        self._question.object = (
            f"<b>{name}</b> and its history will be gone. <b>Undo</b> brings them back while this "
            "page is open."
        )
        self.dialog.open = True

    def _close(self) -> None:
        self.dialog.open = False

    def _confirm(self) -> None:
        self._close()
        self._delete()

    def _delete(self) -> None:
        self.session.attempt("runs", self.session.delete)

    def _give_focus_back(self, event: param.parameterized.Event) -> None:
        """Focus the button that asked: Material UI focuses the host of a shadow tree, in vain."""
        if not event.new:
            self._button.focus()
