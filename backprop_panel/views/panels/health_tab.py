"""The Health tab: whether each layer learns, over the steps that the page has shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import panel as pn
import panel_material_ui as pmui
import param
from numpy.typing import NDArray

from ...analysis.health import (
    MEASURES,
    QUANTILES,
    USUAL_UPDATE_RATIO,
    Finding,
    HealthLog,
    findings,
    health,
    histogram,
)
from ...analysis.record_cell import RecordCell
from ..plots.colors import run_color
from ..plots.html import STYLE, html, legend_of_layers
from ..plots.line_plot import COMPACT, Curves, Line
from ..state.health_logs import HealthLogs
from ..state.session import Session, redraw_on_change
from ..widgets.buttons import button

TITLES = {
    "gradient_norm": "Gradient norm",
    "weight_norm": "Weight norm",
    "update_ratio": "Update ÷ weights",
    "blocked_share": "Dead or saturated",
}
NOTES = {"update_ratio": "usual: 1e-3", "blocked_share": "share"}
DISTRIBUTIONS = ("activations", "gradients")

ALL_WELL = "Every layer learns: no gradient vanishes or explodes, none dies."
GREY = "#868e96"


class HealthTab(pn.viewable.Viewer):
    """Each layer's norms, blocked units and distributions, and the problems that they show."""

    session = param.ClassSelector(class_=Session, constant=True)
    layer = param.Selector(default=1, objects=[1], doc="The layer of the plotted quantiles.")
    visible = param.Boolean(False, doc="Whether the tab is the active one.")

    def __init__(self, session: Session, logs: HealthLogs) -> None:
        super().__init__(session=session)
        self._logs = logs
        self._findings = FindingList(session)
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
            self._findings,
            pn.Row(choice, self._legend, sizing_mode="stretch_width", margin=0),
            self._grid(),
            sizing_mode="stretch_width",
            margin=0,
        )

    def _grid(self) -> pn.Column:
        """Return all plots, each below its caption, in the grid of the class ``bp-health``."""
        cells = [
            *(
                _captioned(TITLES[name], NOTES.get(name, ""), plot)
                for name, plot in self._measures.items()
            ),
            *(
                _captioned(f"{kind.capitalize()} over steps", "5, 50, 95%", plot)
                for kind, plot in self._quantiles.items()
            ),
            *(
                _captioned(f"{kind.capitalize()} now", "", plot)
                for kind, plot in self._histograms.items()
            ),
        ]
        return pn.Column(
            *cells, css_classes=["bp-health"], stylesheets=[STYLE], sizing_mode="stretch_width"
        )

    def _follow_run(self, *events: param.parameterized.Event) -> None:
        depth = self.session.run.model.network.depth
        self.param.layer.objects = list(range(1, depth + 1))
        self.layer = min(self.layer, depth)
        self._legend.object = f"{legend_of_layers(depth)} · at the steps that were shown"
        self._draw()

    def _draw(self, *events: param.parameterized.Event) -> None:
        session, record = self.session, self.session.record
        if not self.visible or len(record.layers) != session.run.model.network.depth:
            return
        if not session.training:
            self._logs.add_missing()
        log = self._logs.current()
        now = None if session.past is None else session.past.step
        values = {"activations": record.activations[1:-1], "gradients": record.layer_gradients}
        with pn.io.hold():
            self._findings.show(list(findings(health(record), session.engine.frozen)))
            for name, plot in self._measures.items():
                plot.show(list(measure_lines(log, name)), now=now)
            for kind, plot in self._quantiles.items():
                plot.show(list(quantile_lines(log, kind, self.layer - 1)), now=now)
            for kind, plot in self._histograms.items():
                plot.show(histogram_lines(values[kind]))


class FindingList(pn.viewable.Viewer):
    """The problems of a network, each with a button that selects its layer on the map."""

    session = param.ClassSelector(class_=Session, constant=True)

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self._shown: list[Finding] | None = None
        self._layout = pn.Column(margin=0, sizing_mode="stretch_width")

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def show(self, found: list[Finding]) -> None:
        """Show these findings."""
        if found != self._shown:
            self._shown = found
            self._layout[:] = [self._row(finding) for finding in found] or [
                html(ALL_WELL, "bp-note")
            ]

    def _row(self, finding: Finding) -> pn.Row:
        return pn.Row(
            button(f"Show W{finding.layer + 1}", self._selector(finding.layer)),
            html(finding.sentence, "bp-finding", align="center"),
            sizing_mode="stretch_width",
            margin=(2, 0),
        )

    def _selector(self, layer: int) -> Callable[[], None]:
        def select() -> None:
            self.session.path = (RecordCell("weights", layer, (0, 0)),)

        return select


def measure_lines(log: HealthLog, name: str) -> Iterator[Line]:
    """Yield a measure of each layer over the steps, and the usual update ratio beside it."""
    if not log.steps:
        return
    steps, values = np.array(log.steps), log.measure(name)
    if name == "update_ratio":
        ends = steps[[0, -1]]
        usual = np.full(2, USUAL_UPDATE_RATIO)
        yield Line(ends, usual, GREY, "usual where training goes well", dash="dotted", width=1)
    for layer, column in enumerate(values.T):
        # The blocked share alone has a linear axis, on which 0 has a place.
        shown = np.isfinite(column) & ((column > 0) | (name == "blocked_share"))
        yield Line(steps[shown], column[shown], run_color(layer), f"layer {layer + 1}")


def quantile_lines(log: HealthLog, kind: str, layer: int) -> Iterator[Line]:
    """Yield the quantiles of a layer's activations or gradients over the steps."""
    if not log.steps:
        return
    for share, column in zip(QUANTILES, log.quantiles(kind, layer).T, strict=True):
        shown = np.isfinite(column)
        dash = "solid" if share == 0.5 else "dashed"
        steps = np.array(log.steps)[shown]
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
        html(f"<b>{title}</b> <span>{note}</span>", "bp-caption"),
        pn.Column(plot.pane, sizing_mode="stretch_both", margin=0),
        sizing_mode="stretch_both",
        margin=0,
    )
