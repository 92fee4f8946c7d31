"""The toolbar: the mode, the step buttons, and the status of training."""

from __future__ import annotations

from html import escape

import panel as pn
import panel_material_ui as pmui
import param

from ..patches.browser import BrowserPatches
from ..plots.html import STYLE, html
from ..state.session import Session, redraw_on_change
from ..widgets.buttons import ACCENT, SWITCH, button, toggle

# Pictures instead of an icon font, which a notebook's page would have to fetch.
PLAY, PAUSE = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path d="{path}"/></svg>'
    for path in ("M8 5v14l11-7z", "M6 19h4V5H6zm8-14v14h4V5z")
)


NO_SLOW_MOTION = "slow motion shows one step: stop comparing first"


class Toolbar(pn.viewable.Viewer):
    """The mode, the step buttons, and the status of training."""

    session = param.ClassSelector(class_=Session, constant=True)

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
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
        self._status = html(
            self._status_text(), "bp-standing", margin=(0, 8), align="center", sizing_mode=None
        )
        self._progress = pmui.LinearProgress(
            value=0, variant="determinate", visible=False, width=110, margin=(0, 8), align="center"
        )
        self._layout = self._lay_out()
        redraw_on_change(session, self._show_status)
        session.param.watch(
            self._show, ["training", "goal_epoch", "run", "mistakes", "stopped_because"]
        )
        session.param.watch(self._show, "subtracted")
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
            self._status,
            session.frame_pacer,
            BrowserPatches(width=0, height=0, margin=0),
            align_items="center",
            margin=0,
            sizing_mode="stretch_width",
            css_classes=["bp-toolbar"],
            stylesheets=[STYLE],
        )

    def _set_mode(self, event: param.parameterized.Event) -> None:
        trainer = self.session.run.trainer
        self.session.attempt("mode", lambda: trainer.change(mode=event.new))

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
        if session.training and session.goal_epoch is not None:
            engine = session.run.trainer.engine
            cursor = engine.reading
            done = cursor.position if cursor.epoch < session.goal_epoch else len(engine.data)
            self._progress.value = round(100 * done / len(engine.data))

    def _status_text(self) -> str:
        session = self.session
        record, engine = session.record, session.engine
        error = session.mistakes.get("training")
        # During training the engine is ahead of the record.
        epoch = engine.epoch if record.step == engine.step else record.epoch
        text = f"step {record.step:,} · epoch {epoch:,} · loss {record.loss:.4f}"
        note = f' <span class="bp-mistake">{escape(error)}</span>' if error else ""
        if session.past is not None:
            present = session.run.trainer.step
            note += f' <span class="bp-past">the past: the run is at step {present:,}</span>'
        if session.subtracted is not None:
            note += f' <span class="bp-stopped">{NO_SLOW_MOTION}</span>'
        if session.stopped_because:
            note += f' <span class="bp-stopped">stopped: {escape(session.stopped_because)}</span>'
        return f'<span class="bp-status">{text}</span>{_moment_note(session)}{note}'


def _moment_note(session: Session) -> str:
    """Say whether the batch is that of the next step, or which weights of a step are shown."""
    if session.record.updated:
        # A difference is taken from the present weights, whatever the record.
        return "" if session.subtracted is not None else _weights_note(session)
    if session.run.trainer.mode != "train":
        return ""
    return _note("next batch", "the batch of the next step, before it")


def _weights_note(session: Session) -> str:
    if session.slow_motion.is_after_update:
        return _note("weights after the update", "the map shows the weights that the step made")
    return _note(
        "weights before the update",
        "The map shows the step as it was computed: the loss and the gradients are those of the "
        "weights before the update. The new weights are used from the next step on; the last "
        "phase of Slow motion shows them.",
    )


def _note(text: str, title: str) -> str:
    return f' <span class="bp-next" title="{title}">{text}</span>'


def _mode_switch(mode: str) -> pmui.RadioButtonGroup:
    return pmui.RadioButtonGroup(
        options={"Visualize Only": "visualize", "Train": "train"},
        value=mode,
        size="small",
        color="primary",
        margin=(0, 8, 0, 0),
        sx=SWITCH,
    )
