"""The Loss tab: loss curves of the compared runs."""

from __future__ import annotations

from html import escape

import panel as pn
import panel_material_ui as pmui
import param

from ...runs.run import TrainingRun
from ..plots.colors import RUN_DASHES, run_color, run_dash
from ..plots.html import line_sample, scroll_region
from ..plots.line_plot import Curves
from ..plots.loss_curves import (
    LossLines,
    Wanted,
    changed_settings,
    points_each,
    sane_limit,
    width_each,
)
from ..plots.numbers import number_html
from ..plots.plot_edges import LOWEST
from ..plots.smoothing import span_of
from ..state.comparison import Comparison
from ..state.session import redraw_on_change
from .runs_table import best_in_words

DASHES = "dashed: validation, after each epoch · dotted: floor"
MOST_WITH_NUMBERS = 6
"""Up to this many runs, the legend has the numbers of each."""

TIMES_AS_LONG, NEVER_CUT = 2, 200
"""Runs are drawn up to so many times the length of the run on the page, or so many steps."""

NOTHING_TRAINED = "Nothing has been trained yet: <b>Run Batch</b> or <b>Play</b>."


HEIGHT = "max(360px, calc(var(--bp-height, 100vh) - 242px + var(--bp-freed, 0px)))"
"""The height of all: what the window leaves; in the presentation it leaves more."""

LEAST_HEIGHT = "220px"
"""The height that is left to the plot; a legend that is longer than the rest scrolls."""


class LossTab(pn.viewable.Viewer):
    """Loss curves of the compared runs."""

    comparison = param.ClassSelector(class_=Comparison, constant=True)
    smoothing = param.Number(0.1, bounds=(0, 1), doc="How much the training loss is smoothed.")
    log_axis = param.Boolean(True, doc="Whether the loss is shown on a logarithmic axis.")
    visible = param.Boolean(False, doc="Whether the tab is the active one.")

    def __init__(self, comparison: Comparison) -> None:
        super().__init__(comparison=comparison)
        self._lines = LossLines()
        self._curves = Curves(
            "loss",
            self.log_axis,
            on_tap=comparison.session.travel,
            on_zoom=self._draw,
            about="loss of the compared runs over their steps",
        )
        self._legend = scroll_region("bp-legend", "Legend of the runs")
        self._layout = self._lay_out()
        self.param.watch(self._draw, ["smoothing", "visible"])
        self.param.watch(self._use_axis, "log_axis")
        comparison.param.watch(self._draw, "hidden")
        redraw_on_change(comparison.session, self._draw)

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _lay_out(self) -> pn.Column:
        smoothing = pmui.FloatSlider.from_param(
            self.param.smoothing,
            label="Smoothing",
            description="",
            step=0.01,
            width=220,
            size="small",
        )
        log_axis = pmui.Switch.from_param(
            self.param.log_axis, label="Log axis", description="", align="center"
        )
        return pn.Column(
            # In several lines where the window is narrow.
            pn.FlexBox(
                smoothing, log_axis, self._legend, align_items="center", sizing_mode="stretch_width"
            ),
            pn.Column(
                self._curves.pane,
                sizing_mode="stretch_width",
                margin=0,
                styles={"flex": "1 1 0", "min-height": LEAST_HEIGHT},
            ),
            sizing_mode="stretch_width",
            margin=0,
            styles={"height": HEIGHT, "min-height": "fit-content"},
        )

    def _use_axis(self, event: param.parameterized.Event) -> None:
        self._curves.use_log_axis(event.new)
        self._draw()

    def _draw(self, *events: param.parameterized.Event) -> None:
        if not self.visible:
            return
        session = self.comparison.session
        lines = self._lines.of_all(self._wanted())
        anything = any(len(line.x) for line in lines)
        with pn.io.hold():
            self._legend.object = self._legend_text() if anything else NOTHING_TRAINED
            self._legend.styles = legend_styles(len(self.comparison.runs()))
            self._curves.show(
                lines,
                now=session.engine.step if session.past else None,
                events=changed_settings(session.run, self.smoothing),
                lowest=LOWEST if self.log_axis else None,
                highest=sane_limit(self.comparison.runs(), self.log_axis),
            )

    def _wanted(self) -> dict[TrainingRun, tuple[str, Wanted]]:
        """Return the colour of each compared run, and which part of its history to draw."""
        branches = self.comparison.branches()
        window, count = self._curves.window, len(branches)
        points, width = points_each(count), width_each(count)
        last = self._last_drawn()
        return {
            run: (
                self._color(run),
                Wanted(
                    smoothing=self.smoothing,
                    window=window,
                    begin=begin,
                    end=last if last and run.history.rows > last else None,
                    points=points,
                    width=width,
                    dash=self._dash(run),
                ),
            )
            for run, begin in branches.items()
        }

    def _last_drawn(self) -> int | None:
        """Return the step at which longer runs are cut; None if they are not.

        Beside a run a thousand times as long, the one on the page would be a line of one pixel.
        """
        own = self.comparison.session.run.history.rows
        if not own or self._curves.window is not None:
            return None
        return max(TIMES_AS_LONG * own, NEVER_CUT)

    def _legend_text(self) -> str:
        runs, span = self.comparison.runs(), span_of(self.smoothing)
        few = len(runs) <= MOST_WITH_NUMBERS
        names = (
            # A name stays beside its colour, unless it is longer than a line.
            f'<span class="bp-run-name">{line_sample(self._color(run), self._dash(run))} '
            f"{escape(run.name)}{losses_html(run) if few else ''}</span>"
            for run in runs
        )
        batches = "the batch of each step" if span == 1 else f"the last {span} batches (mean)"
        is_solid = all(self._dash(run) == RUN_DASHES[0] for run in runs)
        lines = "solid" if is_solid else "solid or as before its name"
        solid = f"{lines}: loss of {batches}, before the update"
        last = self._last_drawn()
        is_cut = last and any(run.history.rows > last for run in runs)
        cut = f" · longer runs are cut at step {last:,}, zoom out for the rest" if is_cut else ""
        about = f"{solid} · {DASHES}{cut} {self._curves.table_button()}"
        return f"{about}<br>{' &nbsp; '.join(names)}"

    def _dash(self, run: TrainingRun) -> str:
        return run_dash(self.comparison.number(run))

    def _color(self, run: TrainingRun) -> str:
        return run_color(self.comparison.number(run))


def legend_styles(runs: int) -> dict[str, str]:
    """Return the styles of the legend of so many runs; many stand below the fields."""
    width = "260px" if runs <= MOST_WITH_NUMBERS else "100%"
    return {"flex": f"1 1 {width}", "max-height": "25vh", "overflow-y": "auto"}


def losses_html(run: TrainingRun) -> str:
    """Return the last and the best loss of a run, as on the Runs tab, and what they are of."""
    summary = run.summary
    losses = summary.losses
    if not losses.best_of:
        return ""
    return (
        f" last batch {number_html(losses.last)}, "
        f"best {number_html(losses.best)} ({best_in_words(summary)})"
    )
