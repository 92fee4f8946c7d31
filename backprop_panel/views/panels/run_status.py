"""The status of the run: the step that is shown, its loss, and what else is to be known."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import panel as pn
import param

from ...nn.faults import FAULTS
from ..plots.html import STYLE, html
from ..plots.numbers import exact, steady
from ..state.session import Session, redraw_on_change

NO_SLOW_MOTION = "Slow motion shows one step: stop comparing first, on the tab Difference."
ELSEWHERE = "This run can be changed here again as soon as that window stops training it."


class RunStatus(pn.viewable.Viewer):
    """Says which step is shown, with which loss, of which batch, and what else is to be known.

    Parameters
    ----------
    session : Session
    lights : sequence of viewable
        What stands below the status line.
    """

    session = param.ClassSelector(class_=Session, constant=True)

    def __init__(self, session: Session, lights: Sequence[pn.viewable.Viewable] = ()) -> None:
        super().__init__(session=session)
        self._status, self._moment, self._notes = (
            html("", "bp-standing", margin=(0, 8), sizing_mode=None) for _ in range(3)
        )
        self._layout = pn.Column(
            self._status,
            pn.Row(*lights, self._moment, margin=0, css_classes=["bp-lights"], stylesheets=[STYLE]),
            self._notes,
            margin=0,
            align="center",
            css_classes=["bp-told-above"],
            stylesheets=[STYLE],
        )
        self._show()
        redraw_on_change(session, self._show)
        session.param.watch(self._show, ["mistakes", "stopped_because", "forked", "subtracted"])
        session.manager.param.watch(self._show, "trained_elsewhere")
        session.slow_motion.param.watch(self._show, ["record", "place"])

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _show(self, *events: param.parameterized.Event) -> None:
        self._status.object = self._status_text()
        self._moment.object = _moment_note(self.session)
        self._notes.object = f'<span class="bp-notes">{self._notes_text()}</span>'

    def _status_text(self) -> str:
        session = self.session
        record, engine = session.record, session.engine
        # During training the engine is ahead of the record.
        epoch = engine.epoch if record.step == engine.step else record.epoch
        loss, of = shown_loss(session)
        text = (
            f"step {record.step:,} · epoch {epoch:,} · "
            f'<span class="bp-steady" title="{exact(loss)}: {of}">loss {steady(loss)}</span>'
        )
        return f'<span class="bp-status">{text}</span>'

    def _notes_text(self) -> str:
        """Return what else is to be known; the longest is last, and is shortened where it must."""
        session, notes = self.session, []
        if session.past is not None:
            step = f"{session.run.trainer.step:,}"
            title = f"an earlier step is shown: the run is at step {step}"
            notes.append(_badge("bp-past", f"the past: now at step {step}", title))
        if session.manager.trained_elsewhere:
            notes.append(_badge("bp-past", "another window trains it", ELSEWHERE))
        if session.subtracted is not None:
            notes.append(_badge("bp-past", "a difference is shown", NO_SLOW_MOTION))
        if session.forked:
            title = f"{session.run.name} goes on from {session.forked}, which stays as it was"
            notes.append(_badge("bp-past", f"a fork: {session.run.name}", title))
        if session.stopped_because:
            stopped = f"stopped: {session.stopped_because}"
            notes.append(_badge("bp-stopped", stopped, stopped))
        if error := session.mistakes.get("training"):
            notes.append(_badge("bp-mistake", error, error))
        fault = FAULTS.get(session.engine.settings.fault)
        if fault is not None and not session.run.secret:
            title = f"{fault.label}: {fault.sentence}"
            notes.append(_badge("bp-fault", f"fault: {fault.label}", title))
        return "".join(notes)


def shown_loss(session: Session) -> tuple[float, str]:
    """Return the loss of the step that is shown, and which batch it is of.

    It is the one that the history has, as on the Runs and Loss tabs, whatever batch is looked at.
    """
    step, losses = session.record.step, session.engine.history["loss"]
    if 0 < step <= len(losses):
        return float(losses[step - 1]), f"loss of the batch of step {step:,}, before its update"
    return session.record.loss, "loss of the batch on the map, before any update"


def _moment_note(session: Session) -> str:
    """Say whether the batch is that of the next step, or which weights of a step are shown."""
    record = session.record
    if record.updated:
        # A difference is taken from the present weights, whatever the record.
        return "" if session.subtracted is not None else _weights_note(session)
    training = session.run.trainer.mode == "train"
    which = "next batch" if training else "viewed batch"
    if not record.step:
        return _note(which, "the batch of the first step, before it") if training else ""
    of = "the batch of the next step, before it" if training else "the batch on the map, no update"
    return _note(f"{which} {steady(record.loss)}", f"{of}: loss {exact(record.loss)}")


def _weights_note(session: Session) -> str:
    if session.slow_motion.is_after_update:
        return _note("after the update", "The map shows the weights that the step made.")
    return _note(
        "before the update",
        "The map shows the step as it was computed: the loss and the gradients are those of the "
        "weights before the update. The new weights are used from the next step on; the last "
        "phase of Slow motion shows them.",
    )


def _badge(css_class: str, text: str, title: str) -> str:
    return f'<span class="{css_class}" title="{escape(title)}">{escape(text)}</span>'


def _note(text: str, title: str) -> str:
    return _badge("bp-next", text, title)
