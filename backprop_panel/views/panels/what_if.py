"""What if: the loss of the batch along one number, and a slider to try values of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from html import escape

import numpy as np
import panel as pn
import panel_material_ui as pmui
import param

from ...analysis.learning_rate_curve import loss_along_learning_rate
from ...analysis.record_cell import RecordCell
from ...analysis.what_if import loss_along, token_losses
from ...nn.record import StepRecord
from ..plots.colors import theme_of
from ..plots.dotted_curves import SMALL_LOOK, DottedCurves
from ..plots.html import html
from ..plots.numbers import number
from ..state.answering import Answering
from ..state.session import Session
from ..widgets.buttons import button, switch
from .question_card import QuestionCard
from .what_if_text import END, LEVEL, RATE, Tried, asked, dots, lines, said, tokens_html

POINTS = (11, 41)
"""Points of the curve: in a wide network, a few come long before all."""

OF_RATE = ("weight_updates", "bias_updates", "new_weights", "new_biases")
"""Quantities at which the learning rate is asked about first."""

SETTING = "learning_rate"

KINDS = {"weights": "weight", "biases": "bias", "activations": "input"}
"""What varies, by the quantity."""


SLIDER_INSET = 6
"""Pixels from the sides of the slider to the ends of its rail."""

SLIDER_MARGIN = (0, SMALL_LOOK.right - SLIDER_INSET, 0, SMALL_LOOK.left - SLIDER_INSET)
"""Puts each position of the slider below its value in the plot."""


class WhatIf(QuestionCard):
    """The loss of the batch as a weight, a bias, an input or the learning rate varies."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, "What if")
        self._question: RecordCell | None = None
        self._point = Answering(self._show_point, self.refuse)
        self._of_rate = switch({"this number": False, "the learning rate": True}, False)
        self._of_rate.param.watch(self._choose, "value")
        self._slider = _slider()
        self._slider.param.watch(self._try_value, "value")
        self._curves: dict[str, DottedCurves] = {}
        self._plot = pn.Column(
            height=170,
            margin=(2, 0, 0, 0),
            sizing_mode="stretch_width",
            styles={"position": "relative"},
        )
        self._keep = button("Keep", self._keep_value, margin=(2, 6, 2, 0))
        self._drop = button("Drop", self._go_back, margin=(2, 0))
        self._mistake = html("", "bp-mistake", visible=False)
        self._tokens = html("", "bp-explanation")
        self._layout[:] = [
            self._head,
            self._of_rate,
            self._plot,
            self._slider,
            self._text,
            pn.Row(self._keep, self._drop, margin=0),
            self._mistake,
            self._tokens,
        ]
        session.param.watch(self._show_mistake, "mistakes")

    @property
    def _varied(self) -> RecordCell | None:
        """The number that varies; None for the learning rate."""
        if self._of_rate.value:
            return None
        return replace(self.session.selection, is_gradient=False).number()

    def draw(self) -> None:
        """Ask for the loss along the chosen number."""
        session = self.session
        if session.question != self._question:
            self._go_back()
            self._of_rate.value = session.question.quantity in OF_RATE
            self._of_rate.visible = session.selection.is_parameter
            self._question = session.question
        varied, tokens = self._varied, len(session.run.dataset.vocabulary)
        name = varied.name(session.examined) if varied else f"the {RATE}"
        self._slider.label = f"What if {name}"
        self.ask(
            (session.run, varied),
            session.examined,
            partial(tried, session.examined, varied, tokens),
        )
        if self.answer is None:
            self._try_value()

    def show(self, answer: Tried) -> None:
        """Draw the curve; only this may move the axes."""
        theme, curves, curve = theme_of(self.session.dark), self._curves_of(answer), answer.curve
        height = LEVEL * abs(curve.loss) if np.isfinite(curve.loss) else 0.0
        curves.show_between(lines(answer, theme), curve.values[0], curve.values[-1], height)
        self._try_value()
        if self._plot[:1] != [curves.pane]:
            self._plot[:] = list(curves.with_table())
        self._plot.visible = self._slider.visible = True
        self._tokens.object = ""
        if answer.token_losses is not None:
            vocabulary = self.session.run.dataset.vocabulary
            self._tokens.object = tokens_html(answer, self._varied.index, vocabulary, theme)

    def _try_value(self, *events: param.parameterized.Event) -> None:
        """Show the loss at the slider's value."""
        shown, position = self.answer, self._slider.value
        if shown is None:
            self._keep.disabled = self._drop.disabled = True
            return
        value = shown.value_at(position)
        self._slider.value_label = number(value)
        self.set_head(asked(shown, value))
        self._drop.disabled = not position
        self._keep.disabled = not position or shown.token_losses is not None
        if position:
            self._point.ask("point", lambda: [(shown, value, shown.curve.true(value))])
        else:
            self._point.stop()
            self._show_point((shown, value, shown.curve.loss))

    def _show_point(self, answer: tuple[Tried, float, float]) -> None:
        shown, theme = answer[0], theme_of(self.session.dark)
        if shown is self.answer:
            self._curves_of(shown).show_dots(list(dots(*answer, theme)))
            self.set_text(said(*answer, theme) + self._notes(shown))

    def _curves_of(self, answer: Tried) -> DottedCurves:
        """Return the plot whose axes are named for an answer."""
        if answer.kind not in self._curves:
            self._curves[answer.kind] = _curves(answer.kind)
        return self._curves[answer.kind]

    def _notes(self, shown: Tried) -> str:
        """Return what else is to be said, as HTML."""
        session = self.session
        rate = session.past.settings.learning_rate if session.past else session.settings[SETTING]
        notes = []
        if shown.of_rate and rate != shown.curve.now:
            notes.append(f"The next step takes the learning rate {number(rate)}.")
        if shown.token_losses is not None:
            notes.append("An input comes from the data: others can be tried, but not kept.")
        elif shown.record.updated and self._slider.value:
            step = f"{shown.record.step:,}"
            notes.append(f"Keep sets it after step {step}, which stays as it was made.")
        if len(shown.curve.values) < POINTS[-1]:
            notes.append("More points of the curve are being computed …")
        return "".join(f"<p>{note}</p>" for note in notes)

    def refuse(self, message: str) -> None:
        """Say why there is no curve."""
        super().refuse(message)
        self._tokens.object = ""
        self._plot.visible = self._slider.visible = False
        self._keep.disabled = self._drop.disabled = True

    def _choose(self, event: param.parameterized.Event) -> None:
        if self.session.question == self._question:
            self._go_back()
            self._draw_if_visible()

    def _keep_value(self) -> None:
        """Make the value that is tried the run's own."""
        session, shown = self.session, self.answer
        if shown is None or not self._slider.value:
            return
        value = shown.value_at(self._slider.value)
        if shown.of_rate:
            kept = session.attempt("what_if", lambda: session.change(SETTING, value))
        else:
            kept = session.attempt("what_if", lambda: session.set_weight(session.selection, value))
        if kept:
            self._go_back()

    def _go_back(self) -> None:
        self._slider.value = 0

    def _show_mistake(self, event: param.parameterized.Event) -> None:
        message = event.new.get("what_if", "")
        self._mistake.param.update(object=escape(message), visible=bool(message))


def tried(record: StepRecord, varied: RecordCell | None, vocabulary: int) -> Iterator[Tried]:
    """Yield the loss along a number, None for the learning rate, at a few values and at more."""
    for points in POINTS:
        if varied is None:
            curve = loss_along_learning_rate(record, points)
            yield Tried(record, f"the {RATE}", curve, RATE)
        else:
            curve = loss_along(record, varied, points=points)
            of_tokens = None
            if varied.quantity == "activations":
                example, entry = varied.index
                of_tokens = token_losses(record, example, entry // vocabulary, vocabulary)
            kind = KINDS[varied.quantity]
            yield Tried(record, varied.name(record), curve, kind, of_tokens)


def _curves(kind: str) -> DottedCurves:
    """Return the plot, with logarithmic axes for the learning rate."""
    of_rate = kind == RATE
    names = kind, "loss after the update" if of_rate else "loss"
    return DottedCurves("what if", log_x=of_rate, log_y=of_rate, names=names)


def _slider() -> pmui.IntSlider:
    return pmui.IntSlider(
        start=-END,
        end=END,
        value=0,
        size="small",
        track=False,
        show_value=False,
        sx={"& .MuiFormLabel-root": {"display": "none"}},
        tooltips=False,
        margin=SLIDER_MARGIN,
        sizing_mode="stretch_width",
    )
