"""Health: whether each layer learns, over the steps that were looked at."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic

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
from ..plots.colors import run_color
from ..plots.html import STYLE, html, legend_of_layers
from ..plots.line_plot import COMPACT, Curves, Line
from ..state.cell import Cell
from ..state.session import Session, draw_with
from ..widgets.buttons import button

TITLES = {
    "gradient_norm": "Gradient norm",
    "weight_norm": "Weight norm",
    "update_ratio": "Update ÷ weights",
    "blocked_share": "Dead or saturated",
}
NOTES = {"update_ratio": "usual: 1e-3", "blocked_share": "share"}

ENOUGH_STEPS, MOST_SECONDS = 8, 0.15
"""How many steps make a curve, and how long they are sought after training that was soon over."""

GREY = "#868e96"


class HealthLogs:
    """The health of every run at the steps that were shown, whether anyone looks at it or not."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._logs: dict[str, HealthLog] = {}
        self._began = (0, 0)
        self._owed: dict[str, list[NDArray]] = {}
        draw_with(session, self._add)
        session.param.watch(self._follow_training, "training")

    def now(self) -> HealthLog:
        """Return the log of the run that is shown; a run that was reset begins again."""
        run = self._session.run
        log = self._logs.get(run.id)
        if log is None or (log.steps and log.steps[-1] > run.trainer.step):
            log = self._logs[run.id] = HealthLog()
        return log

    def look_again(self) -> None:
        """Add some of the steps that passed too fast to be shown, as those of a short epoch do."""
        run, log = self._session.run, self.now()
        end = monotonic() + MOST_SECONDS
        for steps in self._owed.pop(run.id, []):
            for step in steps[steps <= run.trainer.step].tolist():
                if monotonic() > end:
                    return
                log.add(run.step_again(step).record)

    def _add(self, *events: param.parameterized.Event) -> None:
        session = self._session
        kept = {run.id for run in session.manager.runs}
        for by_run in (self._logs, self._owed):
            for gone in by_run.keys() - kept:
                del by_run[gone]
        if len(session.record.layers) == session.run.model.network.depth:
            self.now().add(session.record)

    def _follow_training(self, event: param.parameterized.Event) -> None:
        """Take note of which steps a curve lacks of what was trained just now."""
        run, kept = self._session.run, len(self.now().steps)
        if event.new:
            # The step that was shown before: the worker may be further by now.
            self._began = (self._session.record.step, kept)
            return
        first, kept_before = self._began
        # Fewer than before are kept where the log was thinned: then there were many.
        missing = ENOUGH_STEPS - abs(kept - kept_before)
        if missing > 0:
            steps = np.unique(np.linspace(first, run.trainer.step, missing + 1, dtype=int))
            self._owed.setdefault(run.id, []).append(steps[steps > first])


class HealthTab(pn.viewable.Viewer):
    """Each layer's norms, blocked units and distributions, and what is wrong with them."""

    session = param.ClassSelector(class_=Session, constant=True)
    layer = param.Selector(default=1, objects=[1], doc="Whose quantiles are shown.")
    visible = param.Boolean(False, doc="Whether anyone sees it.")

    def __init__(self, session: Session, logs: HealthLogs) -> None:
        super().__init__(session=session)
        self._logs = logs
        self._said: list[Finding] | None = None
        self._findings = pn.Column(margin=0, sizing_mode="stretch_width")
        self._legend = html("", "bp-legend", align="end")
        self._measures = {
            name: Curves(
                name,
                log_y=name != "blocked_share",
                look=COMPACT,
                names=("step", TITLES[name].lower()),
                from_zero=name == "blocked_share",
            )
            for name in MEASURES
        }
        self._quantiles = {
            kind: Curves(f"{kind} over steps", look=COMPACT, names=("step", kind))
            for kind in ("activations", "gradients")
        }
        self._histograms = {
            kind: Curves(f"{kind} now", look=COMPACT, names=(kind, "share"))
            for kind in ("activations", "gradients")
        }
        self._layout = self._lay_out()
        self._follow_run()
        session.param.watch(self._follow_run, "run")
        draw_with(session, self._draw)
        self.param.watch(self._draw, ["visible", "layer"])

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _lay_out(self) -> pn.Column:
        plots = [
            *((TITLES[name], NOTES.get(name, ""), plot) for name, plot in self._measures.items()),
            *(
                (f"{kind.capitalize()} over steps", "5, 50, 95%", plot)
                for kind, plot in self._quantiles.items()
            ),
            *((f"{kind.capitalize()} now", "", plot) for kind, plot in self._histograms.items()),
        ]
        cells = [
            pn.Column(
                html(f"<b>{title}</b> <span>{note}</span>", "bp-caption"),
                pn.Column(plot.pane, sizing_mode="stretch_both", margin=0),
                sizing_mode="stretch_both",
                margin=0,
            )
            for title, note, plot in plots
        ]
        grid = pn.Column(
            *cells, css_classes=["bp-health"], stylesheets=[STYLE], sizing_mode="stretch_width"
        )
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
            grid,
            sizing_mode="stretch_width",
            margin=0,
        )

    def _follow_run(self, *events: param.parameterized.Event) -> None:
        depth = self.session.run.model.network.depth
        self.param.layer.objects = list(range(1, depth + 1))
        self.layer = min(self.layer, depth)
        self._legend.object = f"{legend_of_layers(depth)} · at the steps that were shown"
        self._draw()

    def _draw(self, *events: param.parameterized.Event) -> None:
        record = self.session.record
        if not self.visible or len(record.layers) != self.session.run.model.network.depth:
            return
        if not self.session.training:
            self._logs.look_again()
        with pn.io.hold():
            self._say(
                list(
                    findings(
                        health(record),
                        self.session.engine.frozen,
                    )
                )
            )
            for name, plot in self._measures.items():
                plot.show(list(self._measure_lines(name)), now=self._now())
            for kind, plot in self._quantiles.items():
                plot.show(list(self._quantile_lines(kind)), now=self._now())
            values = {"activations": record.activations[1:-1], "gradients": record.layer_gradients}
            for kind, plot in self._histograms.items():
                plot.show(
                    [
                        Line(counted.middles, counted.shares, run_color(n), f"layer {n + 1}")
                        for n, counted in enumerate(map(histogram, values[kind]))
                    ]
                )

    def _now(self) -> int | None:
        past = self.session.past
        return None if past is None else past.step

    def _measure_lines(self, name: str) -> Iterator[Line]:
        log = self._logs.now()
        if not log.steps:
            return
        steps, values = np.array(log.steps), log.measure(name)
        if name == "update_ratio":
            ends = steps[[0, -1]]
            usual = np.full(2, USUAL_UPDATE_RATIO)
            yield Line(ends, usual, GREY, "usual where training goes well", dash="dotted", width=1)
        for n, column in enumerate(values.T):
            shown = np.isfinite(column) & ((column > 0) | (name == "blocked_share"))
            yield Line(steps[shown], column[shown], run_color(n), f"layer {n + 1}")

    def _quantile_lines(self, kind: str) -> Iterator[Line]:
        log, layer = self._logs.now(), self.layer - 1
        if not log.steps:
            return
        for share, column in zip(QUANTILES, log.quantiles(kind, layer).T, strict=True):
            shown = np.isfinite(column)
            dash = "solid" if share == 0.5 else "dashed"
            steps = np.array(log.steps)[shown]
            yield Line(steps, column[shown], run_color(layer), f"{share:.0%} are below", dash=dash)

    def _say(self, found: list[Finding]) -> None:
        """Name what is wrong, each with a button that selects its layer."""
        if found == self._said:
            return
        self._said = found
        self._findings[:] = [
            pn.Row(
                button(f"Show W{finding.layer + 1}", self._selector(finding.layer)),
                html(finding.sentence, "bp-finding", align="center"),
                sizing_mode="stretch_width",
                margin=(2, 0),
            )
            for finding in found
        ] or [html("Every layer learns: no gradient vanishes or explodes, none dies.", "bp-note")]

    def _selector(self, layer: int):
        def select() -> None:
            self.session.selection = Cell("weight", layer, 0, 0)

        return select
