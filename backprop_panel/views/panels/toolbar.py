"""The toolbar: the mode, the step buttons, and the status of training."""

from __future__ import annotations

from collections.abc import Sequence

import panel as pn
import panel_material_ui as pmui
import param

from ..patches.browser import BrowserPatches
from ..plots.html import STYLE
from ..state.session import Session, redraw_on_change
from ..widgets.buttons import ACCENT, SWITCH, button, toggle
from ..widgets.plot_keys import PlotKeys
from .run_status import RunStatus

# Pictures instead of an icon font, which a notebook's page would have to fetch.
PLAY, PAUSE = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path d="{path}"/></svg>'
    for path in ("M8 5v14l11-7z", "M6 19h4V5H6zm8-14v14h4V5z")
)


class Toolbar(pn.viewable.Viewer):
    """The mode, the step buttons, and the status of training.

    Parameters
    ----------
    session : Session
    lights : sequence of viewable
        What stands below the status.

    Attributes
    ----------
    status : RunStatus
    """

    session = param.ClassSelector(class_=Session, constant=True)

    def __init__(self, session: Session, lights: Sequence[pn.viewable.Viewable] = ()) -> None:
        super().__init__(session=session)
        self.status = RunStatus(session, lights)
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
        self._progress = pmui.LinearProgress(
            value=0, variant="determinate", visible=False, width=110, margin=(0, 8), align="center"
        )
        self._layout = self._lay_out()
        redraw_on_change(session, self._show_progress)
        self._show_progress()
        session.param.watch(self._show, ["training", "goal_epoch", "run", "mistakes", "subtracted"])
        session.param.watch(self._show, ["stopped_because", "forked", "settings"])
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
            self.status,
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
        self._show_progress()
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

    def _show_progress(self, *events: param.parameterized.Event) -> None:
        session = self.session
        if session.training and session.goal_epoch is not None:
            engine = session.run.trainer.engine
            cursor = engine.batches.reading
            done = cursor.position if cursor.epoch < session.goal_epoch else len(engine.data)
            self._progress.value = round(100 * done / len(engine.data))


def _mode_switch(mode: str) -> pmui.RadioButtonGroup:
    return pmui.RadioButtonGroup(
        options={"Visualize Only": "visualize", "Train": "train"},
        value=mode,
        size="small",
        color="primary",
        margin=(0, 8, 0, 0),
        sx=SWITCH,
    )
