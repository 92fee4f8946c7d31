"""What the data of a new run will be, shown before the run is made."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from html import escape
from typing import Any

import panel as pn
import param

from ...data.sequence_dataset import SequenceDataset
from ...data.text_preview import TextPreview, preview_of
from ...nn.network import parameter_count
from ...runs.run_settings import DATA_SETTINGS, selected
from ..plots.html import chip, html
from ..plots.numbers import number_html
from ..state.session import Session
from ..state.token_text import visible
from ..state.user_errors import USER_ERRORS
from ..widgets.page_words import in_page_words

MOST_TOKENS_SHOWN = 60


class DataPreview(pn.viewable.Viewer):
    """The preview of own data, computed in a thread.

    Parameters
    ----------
    session : Session
    settings : callable
        Returns the settings of the new run.
    """

    session = param.ClassSelector(class_=Session, constant=True)

    def __init__(self, session: Session, settings: Callable[[], dict[str, Any]]) -> None:
        super().__init__(session=session)
        self._settings = settings
        self._asked = 0
        self._pane = html("", "bp-preview", visible=False)

    def __panel__(self) -> pn.viewable.Viewable:
        return self._pane

    def update(self, shown: bool) -> None:
        """Compute the preview again, or hide it."""
        self._asked += 1
        page = pn.state.curdoc
        if not shown:
            self._pane.visible = False
        elif page is None or not page.session_context:
            self._show(self._text())
        else:
            asked = self._asked

            async def compute() -> None:
                """Compute the text in a thread and show it, unless another change came since."""
                if asked == self._asked:  # else another change followed at once
                    text = await asyncio.to_thread(self._text)
                    if asked == self._asked:
                        self._show(text)

            page.add_next_tick_callback(compute)

    def _show(self, text: str) -> None:
        self._pane.param.update(object=text, visible=True)

    def _text(self) -> str:
        try:
            settings = self._settings()
            data = SequenceDataset(**selected(settings, DATA_SETTINGS))
            return preview_html(preview_of(data, settings["loss_type"]), data, settings)
        except USER_ERRORS as mistake:
            return f'<div class="bp-mistake">{escape(in_page_words(str(mistake)))}</div>'


def preview_html(preview: TextPreview, data: SequenceDataset, settings: dict[str, Any]) -> str:
    """Return the preview of a dataset as HTML."""
    rows = [_lines(preview), _vocabulary(preview, data)]
    if preview.classes:
        classes = ", ".join(
            f"<bdi>{escape(visible(label))}</bdi> {count:,}"
            for label, count in preview.classes[:12]
        )
        more = f" … {len(preview.classes) - 12:,} more" if len(preview.classes) > 12 else ""
        rows.append(f"<b>{len(preview.classes):,} classes</b> with their lines: {classes}{more}")
    distinct = "" if preview.distinct is None else f", {preview.distinct:,} distinct"
    rows.append(
        f"<b>{preview.windows:,} windows</b>{distinct}: {preview.training:,} samples to train on, "
        f"{preview.validation:,} for validation, {preview.test:,} for the test"
    )
    if preview.optimal_loss is not None:
        rows.append(
            f"<b>Optimal loss</b> {number_html(preview.optimal_loss)} on the training samples"
        )
    rows.append(_network(preview, settings))
    return "".join(f"<div>{row}</div>" for row in rows)


def _lines(preview: TextPreview) -> str:
    text = f"<b>{preview.used:,} line{'' if preview.used == 1 else 's'}</b> used"
    if preview.empty:
        text += f", {preview.empty:,} empty"
    if preview.without_example:
        text += (
            f'. <span class="bp-mistake">{preview.without_example} A shorter sequence length, or a '
            "boundary token, makes examples of them.</span>"
        )
    return text


def _vocabulary(preview: TextPreview, data: SequenceDataset) -> str:
    ids = {token: number for number, token in enumerate(data.vocabulary)}
    frequent = sorted(preview.vocabulary, key=lambda pair: -pair[1])[:MOST_TOKENS_SHOWN]
    chips = " ".join(
        f'<span class="bp-count">{chip(token, ids[token])}{count:,}</span>'
        for token, count in frequent
    )
    more = len(preview.vocabulary) - len(frequent)
    boundary = f", the boundary {chip(data.boundary, ids[data.boundary])}" if data.boundary else ""
    rest = f" … {more:,} more" if more else ""
    return f"<b>{len(data.vocabulary):,} tokens</b>{boundary}: {chips}{rest}"


def _network(preview: TextPreview, settings: dict[str, Any]) -> str:
    hidden = settings["hidden_dimension"]
    if not isinstance(hidden, (list, tuple)):
        hidden = [hidden] * settings["hidden_layers"]
    widths = [preview.inputs, *hidden, preview.outputs]
    parameters = parameter_count(widths)
    chain = " → ".join(f"{width:,}" for width in widths)
    return f"<b>Network</b> {chain}, {parameters:,} weights and biases"
