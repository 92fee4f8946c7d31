"""The Sweep tab: many runs, defined from the present one, watched while they train, compared."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param
from bokeh.models import PrintfTickFormatter

from ..state.session import Session
from ..state.sweep_choice import SweepChoice
from ..state.sweep_findings import SweepFindings
from ..state.sweep_work import SweepWork
from ..widgets.late_part import show_late_part
from .sweep_curves import SweepCurves
from .sweep_form import SweepForm
from .sweep_heatmap import SweepHeatmap
from .sweep_parallel import SweepParallel
from .sweep_progress import SweepProgress
from .sweep_table import SweepTable

FIELD = {"width": 150, "margin": (4, 10, 4, 0), "size": "small"}


DRAWING_SHARE = 0.1
"""Largest share of the page's time that drawing takes while a sweep runs."""


class SweepTab(pn.viewable.Viewer):
    """The form, the progress and the results of a sweep.

    Parameters
    ----------
    session : Session
    on_open : callable
        Called when a run of the sweep was opened on the page.
    """

    session = param.ClassSelector(class_=Session, constant=True)
    visible = param.Boolean(False, doc="Whether the tab is the active one.")

    def __init__(self, session: Session, on_open: Callable[[], Any]) -> None:
        super().__init__(session=session)
        self._on_open, self._next_draw = on_open, 0.0
        self.work = SweepWork(session)
        self.choice = SweepChoice(self.work)
        self.findings = SweepFindings(self.choice)
        self.form = SweepForm(self.work)
        self.progress = SweepProgress(self.work, lambda: self.form.scheduler)
        self.curves = SweepCurves(self.choice, self.open_run)
        self.heatmap = SweepHeatmap(self.choice, self.open_run)
        self.parallel = SweepParallel(self.choice, self.open_run)
        self.table = SweepTable(self.choice, self.findings, self.open_run)
        self._results = self._lay_out_results()
        self._layout = pn.Column(self.form, self.progress, sizing_mode="stretch_width", margin=0)
        self.work.param.watch(self._draw, ["version", "sweep"])
        self.findings.param.watch(self._draw, "texts")
        shown = ["objective", "lowest", "percent", "log_loss", "log_steps", "means", "brushes"]
        self.choice.param.watch(self._draw, shown)
        self.param.watch(self._follow_visible, "visible")
        if pn.state.curdoc is not None:
            pn.state.curdoc.add_periodic_callback(self._look, 1000)
            pn.state.on_session_destroyed(lambda context: self.close())

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def open_run(self, number: int) -> None:
        """Show a run of the sweep on the page."""
        if self.session.attempt("sweep", lambda: self.work.open(number)):
            self._on_open()

    def close(self) -> None:
        """End what belongs to the page; a sweep of a store goes on."""
        self.findings.stop()
        self.work.close()

    def _lay_out_results(self) -> pn.Column:
        parameters = self.choice.param
        boxes = [
            pmui.Checkbox.from_param(parameters[name], description="", margin=(8, 10, 0, 0))
            for name in ("lowest", "means", "log_loss", "log_steps")
        ]
        controls = pn.FlexBox(
            pmui.Select.from_param(parameters.objective, description="", **FIELD),
            pmui.IntSlider.from_param(
                parameters.percent, description="", size="small", width=230, margin=(4, 16),
                format=PrintfTickFormatter(format="%d %% of the runs"),
            ),
            *boxes,
            sizing_mode="stretch_width",
            margin=(8, 0, 0, 0),
        )  # fmt: skip
        return pn.Column(
            controls,
            self.curves,
            self.heatmap,
            self.parallel,
            self.table,
            visible=False,
            sizing_mode="stretch_width",
            margin=0,
        )

    def _follow_visible(self, *events: param.parameterized.Event) -> None:
        self.form.visible = self.visible
        if self.visible:
            self.work.find()
            self._draw()

    def _look(self) -> None:
        """Take what others have trained, and what was found in the runs, while the tab is shown."""
        if self.visible:
            self.work.look()
            self.findings.examine_at_rest()

    def _draw(self, *events: param.parameterized.Event) -> None:
        sweep = self.work.sweep
        if not self.visible or sweep is None:
            return
        is_trained = sweep.running or sweep.run_elsewhere
        is_tick = is_trained and all(event.name == "version" for event in events)
        if is_tick and events and monotonic() < self._next_draw:
            return
        begin = monotonic()
        with pn.io.hold():
            show_late_part(self._results, self._layout, visible=bool(sweep.trials))
            self.heatmap.offer(sweep.plan.varied)
            self.curves.draw()
            self.heatmap.draw()
            self.parallel.draw()
            trials = self.parallel.brushed() if self.choice.brushes else self.choice.best()
            self.table.draw(trials)
        self._next_draw = begin + max(1.0, (monotonic() - begin) / DRAWING_SHARE)
