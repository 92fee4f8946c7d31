"""What the parts of the inspector have in common that answer one more question about a number."""

from __future__ import annotations

from collections.abc import Hashable
from html import escape
from typing import Any

import panel as pn
import param

from ...nn.record import StepRecord
from ..plots.html import html
from ..state.answering import Answering, Answers
from ..state.session import Session, redraw_on_change
from ..widgets.explanation_pane import ExplanationPane
from .explanation_links import cell_of_message


class QuestionCard(pn.viewable.Viewer):
    """An answer about the chosen number, computed in the background and only while it is visible.

    A subclass calls `ask` in `draw`; `show` and `refuse` then get the answer.

    Attributes
    ----------
    answering : Answering
        Computes the answer.
    answer : object
        The newest answer to the present question; None until there is one.
    """

    session = param.ClassSelector(class_=Session, constant=True)
    visible = param.Boolean(False, doc="Whether it is open, and there is something to answer.")

    def __init__(self, session: Session, title: str) -> None:
        super().__init__(session=session)
        self.answering = Answering(self._take, self._take_refusal)
        self.answer: Any = None
        self._asked: tuple[Hashable, StepRecord] | None = None
        self._title = title
        self._head = html("", "bp-caption", margin=(10, 0, 4, 0))
        self._text = ExplanationPane(
            self._do, margin=0, sizing_mode="stretch_width", css_classes=["bp-explanation"]
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

    def refuse(self, message: str) -> None:
        """Say why there is no answer."""
        self.set_text(f"<p>{escape(message)}</p>")

    def ask(self, about: Hashable, record: StepRecord, answers: Answers) -> None:
        """Show the answers to a question about a record; those that are known at once.

        Parameters
        ----------
        about : Hashable
            What is asked, whatever the record.
        record : StepRecord
        answers : callable
            As for `Answering.ask`.
        """
        if self._asked == (about, record):
            if self.answer is not None:
                self.show(self.answer)
            return
        if self._asked is None or self._asked[0] != about:
            self.answer = None
        self._asked = about, record
        self.answering.ask(about, answers)
        if self.answer is None and self.answering.busy:
            self.set_text("<p>Computing …</p>")

    def reveal(self) -> None:
        """Scroll to the card, once it is on the page."""
        self._text.revealed += 1

    def set_head(self, about: str) -> None:
        """Show what the card is about; `about` must be escaped."""
        # Other captions are a line each.
        self._head.object = f'<b>{self._title}</b> <span style="white-space: normal">{about}</span>'

    def set_text(self, text: str) -> None:
        """Show HTML; user text in it must be escaped."""
        self._text.html = f'<div class="{"bp-dark" if self.session.dark else ""}">{text}</div>'

    def _take(self, answer: Any) -> None:
        self.answer = answer
        with pn.io.hold():
            self.show(answer)

    def _take_refusal(self, message: str) -> None:
        self.answer = None
        self.refuse(message)

    def _draw_if_visible(self, *events: param.parameterized.Event) -> None:
        if self.visible and self.session.selection is not None:
            with pn.io.hold():
                self.draw()

    def _open_or_close(self, *events: param.parameterized.Event) -> None:
        self._layout.visible = self.visible
        if self.visible:
            self._draw_if_visible()
        else:
            self.answering.stop()
            self._asked = self.answer = None
            self.set_text("")  # what is hidden would still be found by a search in the page

    def _do(self, message: dict[str, Any]) -> None:
        """Do what was clicked or pointed at."""
        match message:
            case {"follow": number}:
                self.session.follow(cell_of_message(number))
            case {"ring": list(numbers)}:
                self.session.ringed = tuple(map(cell_of_message, numbers))
