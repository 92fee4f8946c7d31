"""Texts that the network generates as it is, and its loss on the windows held out for the test."""

from __future__ import annotations

from html import escape

import panel as pn
import panel_material_ui as pmui
import param

from ...analysis.generation import ENDS, GeneratedText, generate
from ...data.sequence_dataset import SequenceDataset
from ...rng import random_stream
from ..plots.html import chip, html
from ..plots.numbers import number_html
from ..state.session import Session
from ..state.token_text import readable
from ..state.user_errors import USER_ERRORS
from ..widgets.buttons import SMALL, button
from ..widgets.setting_fields import finite

MOST_TOKENS = 60
"""The most tokens of a text, so that ten are drawn with every frame."""

MOST_CHIPS = 12
"""The largest vocabulary whose tokens are shown as chips."""


NO_TEST = "Nothing is held out for the test. <b>Test fraction</b>, at the left, does for a new run."

MARKS = {"boundary": "■", "unseen": "∎", "longest": "…", "limit": "…", "not finite": "NaN"}
"""A sign for each end, whose meaning is its tooltip."""


class GenerationCard(pn.viewable.Viewer):
    """Ten texts with a prompt and a temperature, and the test loss when it is asked for."""

    session = param.ClassSelector(class_=Session, constant=True)

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self._others = 0
        self._prompt = pmui.TextInput(label="Prompt", **SMALL)
        self._temperature = pmui.TextInput(
            label="Temperature", value="1", size="small", width=100, margin=(5, 0, 5, 6)
        )
        self._texts = html("", "bp-generated")
        self._loss = html("", "bp-note", margin=(6, 0))
        self._prompt.param.watch(self.draw, "value")
        self._temperature.param.watch(self.draw, "value")
        self._ask = button("Test loss", self._show_loss, margin=(2, 8, 2, 0))
        session.param.watch(self._forget_loss, "run")
        self._generated = pn.Column(
            html("Generated <span>· sampled from the network as it is</span>", "bp-head"),
            pn.Row(self._prompt, self._temperature, sizing_mode="stretch_width", margin=0),
            button("Ten others", self._draw_others, margin=(2, 0)),
            self._texts,
            margin=0,
            sizing_mode="stretch_width",
        )
        self._layout = pn.Column(
            self._generated,
            html(
                "Test <span>· on what was never trained on; look seldom</span>",
                "bp-head",
                margin=(8, 0, 0, 0),
            ),
            pn.Row(self._ask, self._loss, margin=0),
            margin=0,
            sizing_mode="stretch_width",
        )

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def draw(self, *events: param.parameterized.Event) -> None:
        """Show ten texts of the network as it is; a classifier generates none."""
        session = self.session
        self._offer_test_loss()
        data, engine = session.run.dataset, session.engine
        self._generated.visible = data.task_type == "next_token"
        if not self._generated.visible:
            return
        try:
            texts = generate(
                engine.predict,
                data,
                prompt=self._prompt.value,
                temperature=finite("temperature", self._temperature.value),
                most_tokens=MOST_TOKENS,
                rng=random_stream("generation", data.seed, engine.step, self._others),
            )
            self._texts.object = "".join(text_html(text, data) for text in texts)
        except USER_ERRORS as mistake:
            self._texts.object = f'<div class="bp-mistake">{escape(str(mistake))}</div>'

    def clear(self) -> None:
        """Show no text until the next are drawn."""
        self._texts.object = ""

    def _draw_others(self) -> None:
        self._others += 1
        self.draw()

    def _forget_loss(self, *events: param.parameterized.Event) -> None:
        self._loss.object = ""

    def _offer_test_loss(self) -> None:
        """Offer the test loss, or say that nothing is held out for it."""
        self._ask.visible = len(self.session.run.dataset.test_windows) > 0
        if not self._ask.visible:
            self._loss.object = NO_TEST

    def _show_loss(self) -> None:
        engine = self.session.engine
        windows = engine.data.test_windows
        loss = engine.mean_loss(windows)
        self._loss.object = (
            f"{number_html(loss)} on {len(windows):,} windows at step {engine.step:,}"
        )


def text_html(text: GeneratedText, data: SequenceDataset) -> str:
    """Return a generated text as HTML: the prompt, what follows, and why it ends."""
    if len(data.vocabulary) <= MOST_CHIPS:
        number_of = {token: number for number, token in enumerate(data.vocabulary)}
        shown = "".join(chip(token, number_of[token]) for token in text.tokens)
    else:
        special = (data.boundary, data.unknown)
        are_characters = all(len(token) == 1 for token in data.vocabulary if token not in special)
        between = "" if are_characters else " "
        given = len(between.join(text.tokens[: text.prompted]))
        pieces = list(map(escape, readable(between.join(text.tokens))))
        shown = f"<b>{''.join(pieces[:given])}</b>{''.join(pieces[given:])}"
    end = f'<i title="{ENDS[text.end]}">{MARKS[text.end]}</i>'
    return f'<div class="bp-text"><bdi>{shown}</bdi> {end}</div>'
