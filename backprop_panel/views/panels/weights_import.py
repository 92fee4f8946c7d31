"""Import of weights: a file is read, what becomes of it is shown, and only then it is loaded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from ...nn.activations import ACTIVATIONS
from ...runs.weights_as_settings import FROM_THE_FILE, mapping_for
from ...training.weight_mapping import WeightMapping
from ..plots.html import html
from ..state.session import Session
from ..state.user_errors import USER_ERRORS
from ..widgets.buttons import button, upload_button
from ..widgets.message import Message
from ..widgets.page_words import in_page_words
from .setting_groups import NewRunFields

IMPORT = "Import weights"
FILES = ".safetensors,.pt,.pth,.bin,.npz"
"""What the browser offers; those that are not safetensors are refused with how to convert them."""

TANH_FORM = (
    'GELU here is the tanh form, in PyTorch <code>nn.GELU(approximate="tanh")</code>; '
    "<code>nn.GELU()</code> alone is another function."
)
WAYS = {"Transposed, from (out, in)": True, "As they are, (in, out)": False}


class WeightsImport(pn.viewable.Viewer):
    """Loads the weights of a file into a new run or the present one, after confirmation.

    Parameters
    ----------
    session : Session
    new_run : NewRunFields
        The settings of a new run, but its layers, which the file gives.

    """

    session = param.ClassSelector(class_=Session, constant=True)
    new_run = param.ClassSelector(class_=NewRunFields, constant=True)

    def __init__(self, session: Session, new_run: NewRunFields) -> None:
        super().__init__(session=session, new_run=new_run)
        self._mapping: WeightMapping | None = None
        self._settings: dict[str, Any] = {}
        self._upload = upload_button(IMPORT, FILES)
        self._upload.param.watch(self._read, "value")
        self._message = Message("bp-mistake")
        self._table, self._question = html("", "bp-note"), html("", "bp-note")
        # Not a switch, which has one of its values from the start.
        self._ways = {way: button(label, partial(self._answer, way)) for label, way in WAYS.items()}
        self._answers = pn.Row(*self._ways.values(), margin=(0, 0, 8, 0))
        self._activation = html("", "bp-note")
        self._refusal = html("", "bp-mistake")
        self._create = button(
            "Load into a new run", self._make_run, color="primary", variant="contained"
        )
        self._load = button("", self._load_into_run)
        self._dialog = self._new_dialog()
        self._layout = pn.Column(self._upload, self._message, margin=0, sizing_mode="stretch_width")
        session.param.watch(self._forget, "run")

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _new_dialog(self) -> pmui.Dialog:
        return pmui.Dialog(
            self._table,
            self._question,
            self._answers,
            self._activation,
            self._refusal,
            pn.Row(button("Cancel", self._close), self._load, self._create, margin=(12, 0, 10, 0)),
            title="Import weights?",
            open=False,
            close_on_click=True,  # also lets Escape close it
        )

    async def _read(self, event: param.parameterized.Event) -> None:
        """Read the uploaded file in a thread, and show what would become of it."""
        if event.new is None:  # cleared; an empty file is refused as any other
            return
        self._upload.disabled = True
        self._message.object = ""
        try:
            settings = self.new_run.settings()
            self._settings = {k: v for k, v in settings.items() if k not in FROM_THE_FILE}
            data = bytes(event.new)
            self._mapping = await asyncio.to_thread(mapping_for, self._settings, data)
            self._show()
        except USER_ERRORS as mistake:
            self._message.object = escape(in_page_words(str(mistake)))
        finally:
            self._upload.clear()  # else the same file could not be uploaded again
            self._upload.disabled = False

    def _show(self) -> None:
        run, mapping = self.session.run, self._mapping
        squares = [entry.key for entry in mapping.open]
        self._question.param.update(object=_question(squares), visible=bool(squares))
        self._answers.visible = bool(squares)
        self._mark(None)
        self._activation.object = _activation_note(self._settings["activation"])
        self._refusal.object = ""
        fits = tuple(run.model.network.widths) == mapping.widths
        self._load.param.update(label=f"Load into {run.name}", visible=fits)
        self._show_table()
        if self._dialog not in self._layout:  # the page opens without it
            self._layout.append(self._dialog)
        self._dialog.open = True

    def _show_table(self) -> None:
        self._table.object = _table(self._mapping)
        for each in (self._create, self._load):
            each.disabled = bool(self._mapping.open)

    def _answer(self, transposed: bool) -> None:
        self._mapping = self._mapping.answered(transposed)
        self._mark(transposed)
        self._show_table()

    def _mark(self, answer: bool | None) -> None:
        for way, each in self._ways.items():
            chosen = way is answer
            each.param.update(
                color="primary" if chosen else "default",
                variant="contained" if chosen else "outlined",
            )

    def _make_run(self) -> None:
        mapping, settings = self._mapping, self._settings
        self._attempt(lambda: self.session.manager.create_from_weights(mapping, **settings))

    def _load_into_run(self) -> None:
        self._attempt(lambda: self.session.load_weights(self._mapping))

    def _attempt(self, action: Callable[[], object]) -> None:
        """Do what was confirmed and close the dialog, or show in it why it is refused."""
        try:
            action()
        except USER_ERRORS as mistake:
            self._refusal.object = escape(in_page_words(str(mistake)))
        else:
            self._close()

    def _close(self) -> None:
        self._dialog.open = False

    def _forget(self, event: param.parameterized.Event) -> None:
        self._message.object = ""
        self._close()


def _table(mapping: WeightMapping) -> str:
    """Return the mapping as HTML; the keys are text from outside."""
    rows = "".join(
        f"<tr><td><bdi>{escape(key)}</bdi></td><td>{parameter}</td><td>{escape(shape)}</td>"
        f"<td>{escape(done)}</td></tr>"
        for key, parameter, shape, done in mapping.rows()
    )
    return (
        f"<p>The network in the file: {'-'.join(map(str, mapping.widths))} units.</p>"
        '<div class="bp-weights"><table><tr><th>in the file</th><th>here</th><th>shape</th>'
        f"<th>taken</th></tr>{rows}</table></div>"
    )


def _question(keys: list[str]) -> str:
    if not keys:
        return ""
    names = ", ".join(f"<bdi>{escape(key)}</bdi>" for key in keys)
    return (
        f"<p><b>Transposed or not?</b> The shape of {names} does not say it. PyTorch's "
        "<code>nn.Linear</code> keeps (out, in), which is transposed here.</p>"
    )


def _activation_note(activation: str | list[str]) -> str:
    """Return which activation a new run has, which the file does not say."""
    names = activation if isinstance(activation, list) else [activation]
    labels = ", ".join(ACTIVATIONS[name].label for name in names) or "none yet"
    return (
        f"<p>The file does not say which activation it was trained with: a new run has {labels}, "
        f"as set under Network. {TANH_FORM}</p>"
    )
