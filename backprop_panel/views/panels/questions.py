"""Further questions about the chosen number: a row of toggles, and a card for each that is open."""

from __future__ import annotations

from dataclasses import dataclass

import panel as pn
import param

from ..plots.html import html
from ..state.session import Session
from ..widgets.buttons import toggle
from .activation_explorer import ActivationExplorer
from .question_card import QuestionCard
from .what_if import WhatIf
from .which_data import WhichData


@dataclass(frozen=True)
class Question:
    """A question, the kinds of cells that it can be asked about, and those in words."""

    label: str
    card: type[QuestionCard]
    kinds: frozenset[str]
    choices: str


QUESTIONS = (
    Question(
        "What if", WhatIf, frozenset({"weight", "bias", "input"}), "a weight, a bias or an input"
    ),
    Question(
        "Activation", ActivationExplorer, frozenset({"activation"}), "an activation, or its z or δ"
    ),
    Question(
        "Which data",
        WhichData,
        frozenset({"weight", "bias", "activation", "logit"}),
        "a weight, a bias, a unit or an output",
    ),
)


class Questions(pn.viewable.Viewer):
    """The questions that apply to the chosen number; each is answered once its toggle is pressed.

    A card is made when it is first opened, so that the page opens without it.

    Attributes
    ----------
    row : Row
        The toggles, which can stand apart from the cards.
    """

    session = param.ClassSelector(class_=Session, constant=True)

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self._toggles = [toggle(question.label) for question in QUESTIONS]
        self._cards: dict[Question, QuestionCard] = {}
        self.row = pn.Row(*self._toggles, margin=(0, 0, 4, 0), visible=False)
        self._reasons = html("", "bp-note", styles={"opacity": "0.7"}, margin=(4, 0))
        self._layout = pn.Column(self._reasons, margin=(4, 0), sizing_mode="stretch_width")
        for each in self._toggles:
            each.param.watch(self._toggle, "value")
        session.param.watch(self._show, ["path", "subtracted"])
        self._show()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _toggle(self, event: param.parameterized.Event) -> None:
        self._show()
        if event.new:
            self._cards[QUESTIONS[self._toggles.index(event.obj)]].reveal()

    def _show(self, *events: param.parameterized.Event) -> None:
        """Show the toggles that apply, and the cards of those that are pressed."""
        session = self.session
        cell = session.selection if session.subtracted is None else None
        self.row.visible = session.question is not None
        for question, each in zip(QUESTIONS, self._toggles, strict=True):
            applies = cell is not None and cell.kind in question.kinds
            each.disabled = not applies  # one that comes and goes would lay out the page anew
            if applies and each.value and question not in self._cards:
                self._open(question)
            elif question in self._cards:
                self._cards[question].visible = applies and each.value
        self._reasons.object = self._why_disabled() if self.row.visible else ""

    def _why_disabled(self) -> str:
        """Say what is to be done to ask the questions that do not apply, as HTML."""
        if self.session.subtracted is not None:
            return "Questions are about one moment: stop comparing first."
        disabled = zip(QUESTIONS, self._toggles, strict=True)
        return " ".join(
            f"{question.label}: choose {question.choices}."
            for question, each in disabled
            if each.disabled
        )

    def _open(self, question: Question) -> None:
        card = self._cards[question] = question.card(self.session)
        # Drawn before it is on the page: the browser misses what changes as it builds a view.
        card.visible = True
        self._layout.append(card)
