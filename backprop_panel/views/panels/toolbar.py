"""The toolbar: the mode, the step buttons, and the status of training."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import panel as pn
import panel_material_ui as pmui
import param

from ...nn.faults import FAULTS
from ..patches.browser import BrowserPatches
from ..plots.html import STYLE, html
from ..plots.numbers import exact, steady
from ..state.session import Session, redraw_on_change
from ..widgets.buttons import ACCENT, SWITCH, button, toggle
from ..widgets.plot_keys import PlotKeys

# Pictures instead of an icon font, which a notebook's page would have to fetch.
PLAY, PAUSE = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path d="{path}"/></svg>'
    for path in ("M8 5v14l11-7z", "M6 19h4V5H6zm8-14v14h4V5z")
)


NO_SLOW_MOTION = "Slow motion shows one step: stop comparing first, on the tab Difference."


ELSEWHERE = "This run can be changed here again as soon as that window stops training it."


class Toolbar(pn.viewable.Viewer):
    """The mode, the step buttons, and the status of training.

    Parameters
    ----------
    session : Session
    lights : sequence of viewable
        What stands below the status.
    """

    session = param.ClassSelector(class_=Session, constant=True)

    def __init__(self, session: Session, lights: Sequence[pn.viewable.Viewable] = ()) -> None:
        super().__init__(session=session)
        self._lights = lights
        self._mode = _mode_switch(session.run.trainer.mode)
        self._mode.param.watch(self._set_mode, "value")
        self._play = button(
            "Play",
            session.toggle_play,
            toggles=True,
            variant="contained",
            color="primary",
            icon=PLAY,
            sx={"color": "#fff", "backgroundColor": ACCENT, "width": "92px"},
        )
        self._slow_motion = toggle("Slow motion")
        self._slow_motion.param.watch(self._walk_or_leave, "value")
        self._status, self._moment, self._notes = (
            html("", "bp-standing", margin=(0, 8), sizing_mode=None) for _ in range(3)
        )
        self._progress = pmui.LinearProgress(
            value=0, variant="determinate", visible=False, width=110, margin=(0, 8), align="center"
        )
        self._layout = self._lay_out()
        redraw_on_change(session, self._show_status)
        self._show_status()
        session.param.watch(
            self._show, ["training", "goal_epoch", "run", "mistakes", "stopped_because", "forked"]
        )
        session.param.watch(self._show, ["settings", "subtracted"])
        session.manager.param.watch(self._show_status, "trained_elsewhere")
        session.slow_motion.param.watch(self._show, ["record", "place"])
        # A busy browser can send back an outdated label, which is corrected.
        self._play.param.watch(lambda *events: self._show_buttons(), ["label", "icon"])

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _lay_out(self) -> pn.FlexBox:
        session = self.session
        return pn.FlexBox(
            self._mode,
            button("Run Single Step", session.run_single_step),
            button("Run Batch", session.run_batch),
            button("Run Full Epoch", session.run_full_epoch),
            self._play,
            self._slow_motion,
            pn.Spacer(styles={"flex": "1"}),
            self._progress,
            pn.Column(
                self._status,
                pn.Row(
                    *self._lights,
                    self._moment,
                    margin=0,
                    css_classes=["bp-lights"],
                    stylesheets=[STYLE],
                ),
                self._notes,
                margin=0,
                align="center",
                css_classes=["bp-told-above"],
                stylesheets=[STYLE],
            ),
            session.frame_pacer,
            BrowserPatches(width=0, height=0, margin=0),
            PlotKeys(width=0, height=0, margin=0),
            align_items="center",
            margin=0,
            sizing_mode="stretch_width",
            css_classes=["bp-toolbar"],
            stylesheets=[STYLE],
        )

    def _set_mode(self, event: param.parameterized.Event) -> None:
        self.session.attempt("mode", lambda: self.session.change_mode(event.new))

    def _walk_or_leave(self, event: param.parameterized.Event) -> None:
        if event.new != self.session.slow_motion.on:
            self.session.toggle_slow_motion()

    def _show(self, *events: param.parameterized.Event) -> None:
        self._show_status()
        self._show_buttons()

    def _show_buttons(self) -> None:
        session = self.session
        self._mode.value = session.run.trainer.mode
        self._play.param.update(
            label="Pause" if session.training else "Play",
            icon=PAUSE if session.training else PLAY,
        )
        self._slow_motion.param.update(
            value=session.slow_motion.on, disabled=session.subtracted is not None
        )
        self._progress.visible = session.training and session.goal_epoch is not None

    def _show_status(self, *events: param.parameterized.Event) -> None:
        session = self.session
        self._status.object = self._status_text()
        self._moment.object = _moment_note(session)
        self._notes.object = f'<span class="bp-notes">{self._notes_text()}</span>'
        if session.training and session.goal_epoch is not None:
            engine = session.run.trainer.engine
            cursor = engine.batches.reading
            done = cursor.position if cursor.epoch < session.goal_epoch else len(engine.data)
            self._progress.value = round(100 * done / len(engine.data))

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


def _mode_switch(mode: str) -> pmui.RadioButtonGroup:
    return pmui.RadioButtonGroup(
        options={"Visualize Only": "visualize", "Train": "train"},
        value=mode,
        size="small",
        color="primary",
        margin=(0, 8, 0, 0),
        sx=SWITCH,
    )
