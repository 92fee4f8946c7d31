"""The panel at the right: where the chosen number comes from, and fields that edit it."""

from __future__ import annotations

from html import escape
from typing import Any

import panel as pn
import param

from ...analysis.difference import same_examples
from ...settings import SettingError
from ..plots.colors import theme_of
from ..state.checks import Checks
from ..state.session import Session, redraw_on_change
from ..widgets.explanation_pane import FONTS, ExplanationPane
from .cell_editor import CellEditor
from .cell_finder import CellFinder
from .checks_html import checks_html
from .difference_html import difference_html
from .explanation_html import explanation_html
from .explanation_links import cell_of_message, message
from .questions import Questions
from .shown_number import Shown

NOTHING = "<p>Click a cell of the map: this is where it is explained.</p>"
DESELECT = f'<p><button data-key="deselect" {message(deselect=True)}>Deselect</button></p>'

ABOVE_THE_REST = {
    "position": "sticky",
    "top": "var(--bp-above-explanation, 0px)",
    "z-index": "1",
    "background": "var(--panel-surface-color, #fff)",
}
"""The styles of the field that finds a number, and of the toggles of questions.

They stay in sight while the explanation scrolls.
"""


class Inspector(pn.viewable.Viewer):
    """The explanation of the chosen number, in which numbers lead on to what they are made of."""

    session = param.ClassSelector(class_=Session, constant=True)
    everything = param.Boolean(False, doc="Whether all terms are shown.")
    all_uses = param.Boolean(False, doc="Whether all numbers are listed that it is used in.")

    def __init__(self, session: Session, checks: Checks) -> None:
        super().__init__(session=session)
        self._checks = checks
        self._editor = CellEditor(session)
        self._finder = CellFinder(session)
        self._pane = ExplanationPane(
            self._answer,
            fonts=FONTS,
            margin=0,
            sizing_mode="stretch_width",
            css_classes=["bp-explanation"],
        )
        self._find_pane = ExplanationPane(
            self._answer,
            margin=0,
            sizing_mode="stretch_width",
        )
        questions = Questions(session)
        self._layout = pn.Column(
            pn.Column(
                self._find_pane,
                questions.row,
                margin=0,
                sizing_mode="stretch_width",
                styles=ABOVE_THE_REST,
            ),
            self._pane,
            questions,
            margin=(0, 14),
            sizing_mode="stretch_width",
        )
        redraw_on_change(session, self._show)
        session.param.watch(self._show_other_number, "path")
        session.param.watch(self._show_from_the_top, "subtracted")
        session.param.watch(self._show, ["dark", "deltas_shown", "mistakes"])
        session.slow_motion.param.watch(self._show, "record")
        checks.gradients.param.watch(self._show, "check")
        checks.audit.param.watch(self._show, "first")
        self.param.watch(self._show, ["everything", "all_uses"])
        self._show()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _show_other_number(self, *events: param.parameterized.Event) -> None:
        self._finder.forget()
        with pn.io.hold():
            self.param.update(everything=False, all_uses=False)
            self._show_from_the_top()

    def _show_from_the_top(self, *events: param.parameterized.Event) -> None:
        with pn.io.hold():
            self._show()
            self._pane.at_top += 1

    def _show(self, *events: param.parameterized.Event) -> None:
        self._find_pane.html = self._finder.html()
        self._pane.html = self._html()

    def _html(self) -> str:
        session = self.session
        if session.question is None:
            return NOTHING
        theme = "bp-dark" if session.dark else ""
        return (
            f'<div class="{theme}">{self._explanation_html()}{self._editor.html()}{DESELECT}</div>'
        )

    def _explanation_html(self) -> str:
        session = self.session
        try:
            explanations = session.explanations()
        except SettingError as error:
            name = escape(session.question.name(session.examined))
            return f"<h3>{name}</h3><p>Not in this batch. {escape(str(error))}</p>"
        record = session.examined if session.subtracted is None else session.compared[0]
        shown = Shown(
            source=session.map_source,
            record=record,
            theme=theme_of(session.dark),
            path=session.path,
            everything=self.everything,
            all_uses=self.all_uses,
            deltas_shown=session.deltas_shown,
            last_updates=None if record.updated else session.engine.layer_updates,
            checked=checks_html(session.question, record, self._checks),
        )
        if len(explanations) == 1:
            return explanation_html(*explanations, shown)
        return difference_html(*explanations, shown, same_examples(*session.compared))

    def _answer(self, message: dict[str, Any]) -> None:
        """Do what was clicked, typed or pointed at, and change the page at once."""
        with pn.io.hold():
            self._act(message)

    def _act(self, message: dict[str, Any]) -> None:
        session = self.session
        match message:
            case {"follow": number}:
                session.follow(cell_of_message(number))
            case {"all": bool(everything)}:
                self.everything = everything
            case {"uses": bool(all_uses)}:
                self.all_uses = all_uses
            case {"deltas": bool(shown)}:
                session.deltas_shown = shown
            case {"ring": list(numbers)}:
                session.ringed = tuple(map(cell_of_message, numbers))
            case {"set": str(text)}:
                self._editor.set_value(text)
                self._show()
            case {"find": str(text)}:
                self._finder.find(text)
                self._show()
            case {"switch": str(key), "on": bool(on)}:
                self._editor.switch(key, on)
                self._show()
            case {"deselect": True}:
                session.deselect()
