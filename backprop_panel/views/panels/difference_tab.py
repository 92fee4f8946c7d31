"""The Difference tab: the shown step minus another step, of the same run or another."""

from __future__ import annotations

from html import escape

import numpy as np
import panel as pn
import panel_material_ui as pmui
import param
from numpy.typing import NDArray

from ...analysis.difference import Course, differing_settings, distance_over_steps, refuse_unlike
from ...runs.run import TrainingRun
from ..plots.colors import run_color
from ..plots.html import html, legend_of_layers
from ..plots.line_plot import Curves
from ..plots.line_source import Line
from ..state.run_order import in_order
from ..state.session import Session, redraw_on_change
from ..widgets.buttons import RunSelect, button, working_button
from ..widgets.setting_fields import LABELS, whole
from .compared_moments import OTHER_DATA, compared_batches, compared_moments
from .runs_table import in_words
from .suggested_comparison import parent_of, suggested_run, suggested_step

OTHER_EXAMPLES = " X, activations and gradients are not comparable example by example."
ALIKE = "All layers are the same at each step that both have made."


class DifferenceTab(pn.viewable.Viewer):
    """Chooses the step to subtract, lists differing settings and plots the layers' distances."""

    session = param.ClassSelector(class_=Session, constant=True)
    visible = param.Boolean(False, doc="Whether the tab is the active one.")

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self._other = RunSelect(label="Compare with", size="small", width=220, margin=(12, 6, 5, 0))
        self._step = pmui.TextInput(label="At step", size="small", width=110, margin=(12, 6, 5, 0))
        self._mistake = html("", "bp-mistake", visible=False)
        self._message = html("", "bp-note")
        self._settings = html("", "bp-explanation")
        # Logarithmic: beside a layer that went far, one that moved little is not flat.
        self._distances = Curves("distances", names=("step", "norm of the difference"), log_y=True)
        self._legend = html("", "bp-legend")
        self._plot = self._new_plot()
        self._stop = button("Stop comparing", self._stop_comparing, disabled=True, margin=(12, 0))
        self._layout = self._lay_out()
        self._suggested = ("", "")  # a run and a step, as the fields show them
        self._watch()
        self._offer_runs()
        self._show()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _watch(self) -> None:
        session = self.session
        self._other.param.watch(self._step_of_other_run, "value")
        for field in (self._other, self._step):
            field.param.watch(lambda event: session.forget_mistake("difference"), "value")
        session.manager.param.watch(self._offer_runs, "runs")
        session.param.watch(self._offer_runs, "run")
        session.param.watch(self._show, "subtracted")
        self.param.watch(self._show, "visible")
        redraw_on_change(session, self._show)
        redraw_on_change(session, self._suggest_step)
        session.param.watch(self._show_mistake, "mistakes")

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
                self._other,
                self._step,
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

    def _offer_runs(self, *events: param.parameterized.Event) -> None:
        """Offer all runs, the parent of the shown one first; what a person chose stays chosen."""
        session = self.session
        parent = parent_of(session)
        runs = sorted(in_order(session.manager.runs), key=lambda run: run is not parent)
        chosen = self._other.value
        if chosen not in {run.id for run in runs} or self._is_suggested():
            chosen = suggested_run(session).id
            self._suggested = (chosen, self._suggested[1])
        self._other.offer(runs, chosen)

    def _is_suggested(self) -> bool:
        """Tell whether the fields have what was suggested, and nothing is compared with it yet."""
        fields = (self._other.value, self._step.value)
        return fields == self._suggested and self.session.subtracted is None

    def _step_of_other_run(self, event: param.parameterized.Event) -> None:
        """Suggest a step of the run that was chosen."""
        if event.type != "triggered":
            self._step.value = self._step_to_suggest()
            self._suggested = (self._suggested[0], self._step.value)

    def _suggest_step(self, *events: param.parameterized.Event) -> None:
        """Suggest a step as the runs go on, unless another was typed."""
        if self._step.value == self._suggested[1] and self.session.subtracted is None:
            self._step.value = self._step_to_suggest()
            self._suggested = (self._suggested[0], self._step.value)

    def _step_to_suggest(self) -> str:
        """Return the step of the chosen run that is suggested, as the field shows it."""
        session = self.session
        run = next((run for run in session.manager.runs if run.id == self._other.value), None)
        return str(suggested_step(session, run)) if run else ""

    def _compare(self) -> None:
        session = self.session
        session.pause()
        other = session.manager.run(self._other.value)
        session.attempt("difference", lambda: self._subtract(other))

    def _subtract(self, other: TrainingRun) -> None:
        session = self.session
        engine = other.replay(whole("step", self._step.value)).engine
        refuse_unlike(session.engine, engine)
        steps, distances = distance_over_steps(session.run, other, engine)
        session.param.update(subtracted=engine, subtracted_run=other)
        apart = bool((distances != 0).any())
        self._legend.object = legend_of_layers(session.run.model.network.depth) if apart else ALIKE
        self._plot[-1].visible = apart
        self._show_plot()
        self._distances.show(
            [
                Line(steps, column, run_color(layer), f"layer {layer + 1}")
                for layer, column in enumerate(np.transpose(distances))
            ],
            lowest=_below(distances),
        )

    def _show_plot(self) -> None:
        """Show the plot, which the page gets with the first comparison: it opens sooner without."""
        self._plot.visible = True
        if self._plot not in self._layout:
            self._layout.append(self._plot)

    def _show_mistake(self, event: param.parameterized.Event) -> None:
        about_step, about_both = (event.new.get(name, "") for name in ("step", "difference"))
        self._step.param.update(error_state=bool(about_step), helper_text=about_step)
        self._mistake.param.update(
            object=escape(about_both), visible=bool(about_both) and not about_step
        )

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
