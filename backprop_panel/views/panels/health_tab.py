"""The Health tab: the doctor's findings, and the measures of the layers over the run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import panel as pn
import panel_material_ui as pmui
import param
from numpy.typing import NDArray

from ...analysis.health import USUAL_UPDATE_RATIO, histogram
from ...training.health_log import DISTRIBUTIONS, MEASURES, QUANTILES, HealthLog
from ..plots.colors import run_color
from ..plots.html import STYLE, html, legend_of_layers
from ..plots.line_plot import Curves
from ..plots.line_source import Line
from ..plots.plot_style import COMPACT
from ..state.diagnosis import Diagnosis
from ..state.run_audit import RunAudit
from ..state.session import Session, redraw_on_change
from ..state.staged_loading import load_in_stages
from ..widgets.lazy_tabs import LOADING
from .audit_panel import AuditPanel
from .detective_panel import DetectivePanel
from .doctor_panel import DoctorPanel

TITLES = {
    "gradient_norm": "Gradient norm",
    "weight_norm": "Weight norm",
    "update_ratio": "Update ÷ weights",
    "blocked_share": "Dead or saturated",
}
NOTES = {"update_ratio": "usual: 10⁻³", "blocked_share": "share of units"}

GREY = "#868e96"


class HealthTab(pn.viewable.Viewer):
    """The doctor's findings, and each layer's norms, blocked units and distributions."""

    session = param.ClassSelector(class_=Session, constant=True)
    layer = param.Selector(default=1, objects=[1], doc="The layer of the plotted quantiles.")
    visible = param.Boolean(False, doc="Whether the tab is the active one.")

    def __init__(self, diagnosis: Diagnosis) -> None:
        session = diagnosis.session
        super().__init__(session=session)
        self._doctor = DoctorPanel(diagnosis)
        self._audit = AuditPanel(RunAudit(session))
        self._detective = DetectivePanel(session)
        self._legend = html("", "bp-legend", align="end")
        self._measures = {name: _measure_plot(name) for name in MEASURES}
        self._quantiles = {
            kind: Curves(f"{kind} over steps", look=COMPACT, names=("step", kind))
            for kind in DISTRIBUTIONS
        }
        self._histograms = {
            kind: Curves(f"{kind} now", look=COMPACT, names=(kind, "share"))
            for kind in DISTRIBUTIONS
        }
        self._grid = pn.Column(
            html(LOADING, "bp-note"),
            css_classes=["bp-health"],
            stylesheets=[STYLE],
            sizing_mode="stretch_width",
        )
        self._has_plots = False
        self._layout = self._lay_out()
        self._follow_run()
        session.param.watch(self._follow_run, "run")
        redraw_on_change(session, self._draw)
        self.param.watch(self._draw, ["visible", "layer"])

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _lay_out(self) -> pn.Column:
        choice = pmui.Select.from_param(
            self.param.layer,
            label="Layer",
            description="",
            width=110,
            size="small",
            margin=(12, 16, 0, 0),
        )
        return pn.Column(
            self._doctor,
            self._audit,
            self._detective,
            pn.Row(choice, self._legend, sizing_mode="stretch_width", margin=0),
            self._grid,
            sizing_mode="stretch_width",
            margin=0,
        )

    def _add_plots(self) -> Iterator[None]:
        """Add the plots in stages, after the findings: they take the browser longest."""
        yield
        cells = self._cells()
        for shown in (4, len(cells)):
            self._grid[:] = cells[:shown]
            yield

    def _cells(self) -> list[pn.Column]:
        """Return all plots, each below its caption."""
        return [
            *(
                _captioned(TITLES[name], NOTES.get(name, ""), plot)
                for name, plot in self._measures.items()
            ),
            *(
                _captioned(f"{kind.capitalize()} over steps", "5–95%", plot)
                for kind, plot in self._quantiles.items()
            ),
            *(
                _captioned(f"{kind.capitalize()} now", "", plot)
                for kind, plot in self._histograms.items()
            ),
        ]

    def _follow_run(self, *events: param.parameterized.Event) -> None:
        depth = self.session.run.model.network.depth
        self.param.layer.objects = list(range(1, depth + 1))
        self.layer = min(self.layer, depth)
        if not self.visible:
            self._clear()  # when it is opened, it must not begin with the curves of another run
        self._draw()

    def _clear(self) -> None:
        with pn.io.hold():
            self._legend.object = ""
            for plots in (self._measures, self._quantiles, self._histograms):
                for plot in plots.values():
                    plot.show([])

    def _draw(self, *events: param.parameterized.Event) -> None:
        session, record = self.session, self.session.record
        if not self.visible or len(record.layers) != session.run.model.network.depth:
            return
        # A copy: a worker may add moments meanwhile.
        log = session.run.trainer.engine.health.up_to(session.run.trainer.step)
        now = None if session.past is None else session.past.step
        values = {"activations": record.activations[1:-1], "gradients": record.layer_gradients}
        with pn.io.hold():
            self._legend.object = f"{legend_of_layers(len(record.layers))} · {measured_steps(log)}"
            for name, plot in self._measures.items():
                lines = list(measure_lines(log, name))
                plot.show(lines, now=now, lowest=foot_of(lines, name))
            for kind, plot in self._quantiles.items():
                plot.show(list(quantile_lines(log, kind, self.layer - 1)), now=now)
            for kind, plot in self._histograms.items():
                plot.show(histogram_lines(values[kind]))
        if not self._has_plots:
            self._has_plots = True
            load_in_stages(self._add_plots())


def measured_steps(log: HealthLog) -> str:
    """Say how many steps were measured, and from which one on."""
    steps = log.steps
    if not len(steps):
        return "no step has been measured yet"
    if len(steps) == 1:
        return f"measured at step {steps[0]:,} alone"
    return (
        f"measured at {len(steps):,} of the steps {steps[0]:,} to {steps[-1]:,}, "
        "straight lines in between"
    )


def measure_lines(log: HealthLog, name: str) -> Iterator[Line]:
    """Yield a measure of each layer over the steps, and the usual update ratio beside it."""
    steps = log.steps
    if not len(steps):
        return
    values = log.measure(name)
    if name == "update_ratio":
        ends = steps[[0, -1]]
        usual = np.full(2, USUAL_UPDATE_RATIO)
        yield Line(ends, usual, GREY, "usual where training goes well", dash="dotted", width=1)
    for layer, column in enumerate(values.T):
        shown = np.isfinite(column)
        yield Line(steps[shown], column[shown], run_color(layer), f"layer {layer + 1}")


def foot_of(lines: Sequence[Line], name: str) -> float | None:
    """Return where zero is drawn on the logarithmic axis of a measure: below all other numbers."""
    if name == "blocked_share":
        return None  # its axis is linear
    positive = [line.y[line.y > 0].min() for line in lines if (line.y > 0).any()]
    return float(min(positive)) / 2 if positive else None


def quantile_lines(log: HealthLog, kind: str, layer: int) -> Iterator[Line]:
    """Yield the quantiles of a layer's activations or gradients over the steps."""
    if not log.moments:
        return
    for share, column in zip(QUANTILES, log.quantiles(kind, layer).T, strict=True):
        shown = np.isfinite(column)
        dash = "solid" if share == 0.5 else "dashed"
        steps = log.steps[shown]
        yield Line(steps, column[shown], run_color(layer), f"{share:.0%} are below", dash=dash)


def histogram_lines(values: Sequence[NDArray]) -> list[Line]:
    """Return the histogram of each layer's values."""
    return [
        Line(counted.middles, counted.shares, run_color(layer), f"layer {layer + 1}")
        for layer, counted in enumerate(map(histogram, values))
    ]


def _measure_plot(name: str) -> Curves:
    is_share = name == "blocked_share"
    return Curves(
        name,
        log_y=not is_share,
        look=COMPACT,
        names=("step", TITLES[name].lower()),
        from_zero=is_share,
    )


def _captioned(title: str, note: str, plot: Curves) -> pn.Column:
    return pn.Column(
        html(
            f'<div class="bp-titled"><b>{title}</b><span>{note}</span>{plot.table_button()}</div>',
            "bp-caption",
        ),
        pn.Column(plot.pane, sizing_mode="stretch_both", margin=0),
        sizing_mode="stretch_both",
        margin=0,
    )
