"""The Difference tab: the shown step minus another step, of the same run or another."""

from __future__ import annotations

from html import escape

import numpy as np
import panel as pn
import param
from numpy.typing import NDArray

from ...analysis.difference import Course, differing_settings, distance_over_steps, refuse_unlike
from ...runs.run import TrainingRun
from ..plots.colors import run_color
from ..plots.html import html, legend_of_layers
from ..plots.line_plot import Curves
from ..plots.line_source import Line
from ..state.session import Session, redraw_on_change
from ..widgets.buttons import button, working_button
from ..widgets.late_part import show_late_part
from ..widgets.setting_fields import LABELS
from .compared_moments import OTHER_DATA, compared_batches, compared_moments
from .other_moment import OtherMoment
from .runs_table import in_words

OTHER_EXAMPLES = " X, activations and gradients are not comparable example by example."
ALIKE = "All layers are the same at each step that both have made."


class DifferenceTab(pn.viewable.Viewer):
    """Chooses the step to subtract, lists differing settings and plots the layers' distances."""

    session = param.ClassSelector(class_=Session, constant=True)
    visible = param.Boolean(False, doc="Whether the tab is the active one.")

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self._other = OtherMoment(session)
        self._mistake = html("", "bp-mistake", visible=False)
        self._message = html("", "bp-note")
        self._settings = html("", "bp-explanation")
        # Logarithmic: beside a layer that went far, one that moved little is not flat.
        self._distances = Curves("distances", names=("step", "norm of the difference"), log_y=True)
        self._legend = html("", "bp-legend")
        self._plot = self._new_plot()
        self._stop = button("Stop comparing", self._stop_comparing, disabled=True, margin=(12, 0))
        self._layout = self._lay_out()
        session.param.watch(self._show, "subtracted")
        self.param.watch(self._show, "visible")
        redraw_on_change(session, self._show)
        session.param.watch(self._show_mistake, "mistakes")
        self._show()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _new_plot(self) -> pn.Column:
        return pn.Column(
            html("Distance between the layers, over the steps", "bp-head"),
            self._legend,
            self._distances.with_table(height=300, sizing_mode="stretch_width"),
            visible=False,
            sizing_mode="stretch_width",
            margin=0,
        )

    def _lay_out(self) -> pn.Column:
        return pn.Column(
            pn.FlexBox(
                self._other.run_field,
                self._other.step_field,
                working_button("Compare", self._compare, margin=(12, 6)),
                self._stop,
                margin=0,
            ),
            self._mistake,
            self._message,
            self._settings,
            sizing_mode="stretch_width",
            margin=0,
        )

    def _compare(self) -> None:
        session = self.session
        session.pause()
        other = self._other.run
        session.attempt("difference", lambda: self._subtract(other))

    def _subtract(self, other: TrainingRun) -> None:
        session = self.session
        engine = other.replay(self._other.step).engine
        refuse_unlike(session.engine, engine)
        steps, distances = distance_over_steps(session.run, other, engine)
        session.param.update(subtracted=engine, subtracted_run=other)
        apart = bool((distances != 0).any())
        self._legend.object = legend_of_layers(session.run.model.network.depth) if apart else ALIKE
        self._plot[-1].visible = apart
        show_late_part(self._plot, self._layout)
        self._distances.show(
            [
                Line(steps, column, run_color(layer), f"layer {layer + 1}")
                for layer, column in enumerate(np.transpose(distances))
            ],
            lowest=_below(distances),
        )

    def _show_mistake(self, event: param.parameterized.Event) -> None:
        """Show what is wrong with both moments, unless it stands beside the step."""
        mistake = "" if event.new.get("step") else event.new.get("difference", "")
        self._mistake.param.update(object=escape(mistake), visible=bool(mistake))

    def _stop_comparing(self) -> None:
        self.session.subtracted = None

    def _show(self, *events: param.parameterized.Event) -> None:
        session = self.session
        self._stop.disabled = session.subtracted is None
        if session.subtracted is None:
            self._message.object = (
                "Choose a run and one of its steps: the map then shows the difference from it."
            )
            self._settings.object = ""
            self._plot.visible = False
        elif self.visible:
            self._describe()

    def _describe(self) -> None:
        """Say which steps the map compares, and list the settings that differ."""
        session = self.session
        ours, theirs = compared_moments(session)
        batches = compared_batches(session)
        self._message.object = f"The map shows {ours} minus {theirs}, {batches}."
        if batches == OTHER_DATA:
            self._message.object += OTHER_EXAMPLES
        if ours == theirs:
            self._message.object += " It is the same moment: choose another step, or another run."
        differing = differing_settings(
            session.run,
            session.engine,
            session.subtracted_run or session.run,
            session.subtracted,
        )
        self._settings.object = _settings_table(ours, theirs, differing)


def _below(distances: NDArray) -> float | None:
    """Return a number below all distances but zero: zero stands there on the logarithmic axis."""
    positive = distances[distances > 0]
    return float(positive.min()) / 2 if positive.size else None


def _settings_table(ours: str, theirs: str, differing: dict[str, tuple[Course, Course]]) -> str:
    if not differing:
        return "<p>All settings are the same.</p>"
    rows = "".join(
        f"<tr><td>{LABELS.get(name, name)}</td>"
        f"<td>{_course(name, one)}</td><td>{_course(name, other)}</td></tr>"
        for name, (one, other) in differing.items()
    )
    return f"<table><tr><th>setting</th><th>{ours}</th><th>{theirs}</th></tr>{rows}</table>"


def _course(name: str, course: Course) -> str:
    """Return the values that a setting had, as the table of runs has them, and since which step."""
    (_, first), *later = [(step, in_words(name, value)[:60]) for step, value in course]
    values = [first, *(f"{value} from step {step:,}" for step, value in later)]
    return escape(", then ".join(values))
