"""The menu of demonstrations: a run that shows one thing, and what to look at in it."""

from __future__ import annotations

from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from ...runs.demonstrations import DEMONSTRATIONS, Demonstration
from ..plots.html import html
from ..state.session import Session
from ..widgets.buttons import BORDERED, WORKING, at_work


class DemonstrationsMenu(pn.viewable.Viewer):
    """Starts demonstrations, and says what to look at while the run of one is shown."""

    session = param.ClassSelector(class_=Session, constant=True)

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self._shown: dict[str, Demonstration] = {}
        self._menu = pmui.MenuButton(
            label="Demonstrations",
            items=[{"label": each.label, "key": key} for key, each in DEMONSTRATIONS.items()],
            on_click=self._start,
            size="small",
            variant="outlined",
            color="default",
            margin=(6, 3, 0, 3),
            sx=BORDERED,
            css_classes=[WORKING],
        )
        self._note = html("", "bp-note", margin=(4, 0, 0, 0), visible=False)
        self._layout = pn.Column(self._menu, self._note, margin=0, sizing_mode="stretch_width")
        session.param.watch(self._show, "run")

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _start(self, item: dict[str, Any]) -> None:
        session, key = self.session, item["key"]
        with at_work(self._menu):
            if session.attempt("runs", lambda: session.demonstrate(key)):
                self._shown[session.run.id] = DEMONSTRATIONS[key]
                self._show()

    def _show(self, *events: param.parameterized.Event) -> None:
        shown = self._shown.get(self.session.run.id)
        text = f"<b>{escape(shown.label)}.</b> {escape(shown.look_at)}" if shown else ""
        self._note.param.update(object=text, visible=bool(text))
