"""What the parts of the inspector have in common that answer one more question about a number."""

from __future__ import annotations

from typing import Any

import panel as pn
import param

from ..plots.html import html
from ..state.background import Background
from ..state.session import Session, redraw_on_change
from ..widgets.explanation_pane import ExplanationPane
from .explanation_links import cell_of_message


class QuestionCard(pn.viewable.Viewer):
    """An answer about the chosen number, computed in the background and only while it is visible.

    A subclass asks `background` in `draw`, and draws its answers in `show`.
    """

    session = param.ClassSelector(class_=Session, constant=True)
    visible = param.Boolean(False, doc="Whether it is open, and there is something to answer.")

    def __init__(self, session: Session, title: str) -> None:
        super().__init__(session=session)
        self.background = Background(self.show, self._refuse)
        self._title = title
        self._head = html("", "bp-caption", margin=(10, 0, 4, 0))
        self._text = ExplanationPane(
            self._answer, margin=0, sizing_mode="stretch_width", css_classes=["bp-explanation"]
        )
        self._layout = pn.Column(margin=0, sizing_mode="stretch_width", visible=False)
        redraw_on_change(session, self._draw_if_visible)
        session.param.watch(self._draw_if_visible, ["path", "dark"])
        self.param.watch(self._open_or_close, "visible")

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def draw(self) -> None:
        """Ask for what is shown of the chosen number."""
        raise NotImplementedError

    def show(self, answer: Any) -> None:
        """Draw an answer."""
        raise NotImplementedError

    def _set_head(self, about: str) -> None:
        """Show what the card is about; `about` must be escaped."""
        self._head.object = f"<b>{self._title}</b> <span>{about}</span>"

    def _set_text(self, text: str) -> None:
        """Show HTML; user text in it must be escaped."""
        self._text.html = f'<div class="{"bp-dark" if self.session.dark else ""}">{text}</div>'

    def _refuse(self, message: str) -> None:
        """Say why there is no answer."""
        raise NotImplementedError

    def _draw_if_visible(self, *events: param.parameterized.Event) -> None:
        if self.visible and self.session.selection is not None:
            with pn.io.hold():
                self.draw()

    def _open_or_close(self, *events: param.parameterized.Event) -> None:
        self._layout.visible = self.visible
        if self.visible:
            self._draw_if_visible()
        else:
            self.background.stop()

    def _answer(self, message: dict[str, Any]) -> None:
        """Do what was clicked or pointed at."""
        match message:
            case {"follow": number}:
                self.session.follow(cell_of_message(number))
            case {"ring": list(numbers)}:
                self.session.ringed = tuple(map(cell_of_message, numbers))
