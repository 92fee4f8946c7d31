"""The bar above the map in slow motion: the phases, the equations, and the ways on."""

from __future__ import annotations

from typing import Any

import panel as pn
import param

from ..state.session import Session
from ..state.slow_motion import PACES
from ..widgets.explanation_pane import ExplanationPane
from .phase_html import phase_html


class PhaseBar(pn.viewable.Viewer):
    """The phases of the step that is walked through; empty while slow motion is off."""

    session = param.ClassSelector(class_=Session, constant=True)

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self._layout = pn.Column(margin=0, sizing_mode="stretch_width", visible=False)
        self._pane: ExplanationPane | None = None
        session.slow_motion.param.watch(
            self._show, ["record", "place", "example", "playing", "seconds"]
        )
        session.param.watch(self._show_if_on, ["record", "dark", "path"])

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _show_if_on(self, *events: param.parameterized.Event) -> None:
        if self.session.slow_motion.on:
            self._show()

    def _show(self, *events: param.parameterized.Event) -> None:
        is_on = self.session.slow_motion.on
        if is_on and self._pane is None:  # a page opens sooner without it
            self._pane = ExplanationPane(self._answer, margin=0, sizing_mode="stretch_width")
            self._layout.append(self._pane)
        if self._pane is not None:
            self._pane.html = phase_html(self.session) if is_on else ""
        self._layout.visible = is_on

    def _answer(self, message: dict[str, Any]) -> None:
        """Do what was clicked, chosen or asked for by a key."""
        session, slow_motion = self.session, self.session.slow_motion
        match message:
            case {"phase": int(place)}:
                slow_motion.show(place)
            case {"autoplay": _}:
                slow_motion.toggle_autoplay()
            case {"pace": str(seconds)} if seconds in map(str, PACES):
                slow_motion.seconds = float(seconds)
            case {"example": _}:
                session.toggle_one_example()
            case {"leave": _} if slow_motion.on:
                session.toggle_slow_motion()
