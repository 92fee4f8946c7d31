"""The controls of Play: its speed, the frames shown, and the conditions at which it stops."""

from __future__ import annotations

from math import inf

import panel as pn
import panel_material_ui as pmui
import param

from ..state.session import Session
from ..widgets.buttons import SMALL, group_head
from ..widgets.setting_fields import optional, optional_text, with_label

SPEEDS = {
    "1 step a second": 1.0,
    "5 steps a second": 5.0,
    "25 steps a second": 25.0,
    "100 steps a second": 100.0,
    "1,000 steps a second": 1000.0,
    "As fast as possible": inf,
}
FRAMES = {
    "2 frames a second": 2.0,
    "10 frames a second": 10.0,
    "30 frames a second": 30.0,
}
"""Upper limits: time that is not used for drawing is left for training."""


class PlaybackControls(pn.viewable.Viewer):
    """The speed of Play, the frames shown per second, and the conditions at which it stops."""

    session = param.ClassSelector(class_=Session, constant=True)

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self._stops = {
            "stop_after": pmui.TextInput(label="Stop after epochs", placeholder="never", **SMALL),
            "stop_below": pmui.TextInput(label="Stop below loss", placeholder="never", **SMALL),
        }
        for name, widget in self._stops.items():
            widget.param.watch(lambda event, name=name: self._change(name, event.new), "value")
        speed = pmui.Select(label="Speed", options=SPEEDS, value=inf, **SMALL)
        speed.param.watch(self._change_speed, "value")
        frames = pmui.Select(label="Show", options=FRAMES, value=session.frames_per_second, **SMALL)
        frames.param.watch(self._change_frames, "value")
        self._layout = pn.Column(
            group_head("Play", "applies at once"),
            speed,
            frames,
            *self._stops.values(),
            pmui.Checkbox.from_param(
                session.param.stop_not_finite,
                label="Stop when not finite",
                description="",
                margin=0,
            ),
            margin=0,
            sizing_mode="stretch_width",
        )
        session.param.watch(self._show_mistakes, "mistakes")

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _change(self, name: str, text: str) -> None:
        session = self.session
        if text != optional_text(getattr(session, name)) or name in session.mistakes:
            session.attempt(name, lambda: setattr(session, name, optional(name, text)))

    def _change_speed(self, event: param.parameterized.Event) -> None:
        self.session.steps_per_second = None if event.new == inf else event.new

    def _change_frames(self, event: param.parameterized.Event) -> None:
        self.session.frames_per_second = event.new

    def _show_mistakes(self, event: param.parameterized.Event) -> None:
        for name, widget in self._stops.items():
            message = event.new.get(name, "")
            if name in event.old and not message:  # what was refused is not in force
                widget.value = optional_text(getattr(self.session, name))
            widget.param.update(
                error_state=bool(message), helper_text=with_label(message, name, widget.label)
            )
