"""The timeline at the foot of the page: the loss of the run, and a slider to any step."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from ...runs.run import TrainingRun
from ..patches.throttled_value import set_throttled
from ..plots.colors import run_color, run_dash
from ..plots.html import html, legend_of_lines
from ..plots.line_plot import Curves
from ..plots.line_source import Line
from ..plots.loss_curves import (
    FEWEST_POINTS,
    LossLines,
    Wanted,
    changed_settings,
    changes_after,
    sane_limit,
)
from ..plots.plot_edges import LOWEST
from ..plots.plot_style import BARE
from ..state.comparison import Comparison
from ..state.session import redraw_on_change
from ..widgets.buttons import button

LOSS_SMOOTHING = 0.05

FAINT = "66"
"""The opacity, in hexadecimal, of the lines of other runs."""

THIN = 1
"""The width of those lines."""

MOST_NAMED = 5
"""The most lines whose names stand above them."""

NOTHING_CHOSEN = -1
"""The slider's `value_throttled` while no step is chosen."""


class Timeline(pn.viewable.Viewer):
    """The loss, small and wide, above a slider that shows the run as it was at any step."""

    comparison = param.ClassSelector(class_=Comparison, constant=True)

    def __init__(self, comparison: Comparison) -> None:
        super().__init__(comparison=comparison)
        session = comparison.session
        self._lines = LossLines()
        self._curves = Curves(
            "timeline",
            log_y=True,
            look=BARE,
            on_tap=session.travel,
            about="timeline of the loss",
        )
        self._table_button = self._curves.table_button()
        self._caption = html("", "bp-timeline-caption", align="center")
        self._slider = _slider()
        self._position: dict[str, Any] = {}
        # Users cannot move the end: a change comes from a browser that sends outdated values.
        self._slider.param.watch(lambda event: self._place_slider(), "end")
        self._forget_choice()
        # Changes only by user input; the browser sends `value` back as well.
        self._slider.param.watch(self._travel, "value_throttled")
        self._now = button("Back to now", session.look, disabled=True)
        self._layout = pn.Column(
            pn.Row(self._caption, self._now, sizing_mode="stretch_width", margin=0),
            pn.Column(self._curves.pane, height=56, sizing_mode="stretch_width", margin=0),
            self._slider,
            sizing_mode="stretch_width",
            margin=(0, 16),
        )
        comparison.param.watch(self._draw, "hidden")
        redraw_on_change(session, self._draw)
        self._draw()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _travel(self, event: param.parameterized.Event) -> None:
        if event.new == NOTHING_CHOSEN:
            return
        # The slider's present value: another key may have moved it since this event, and the
        # event's value would undo that key.
        self.comparison.session.travel(self._slider.value)
        self._forget_choice()

    def _forget_choice(self) -> None:
        """Clear the chosen step, so that choosing it again is a change."""
        set_throttled(self._slider, NOTHING_CHOSEN)

    def _place_slider(self) -> None:
        self._slider.param.update(**self._position)

    def _draw(self, *events: param.parameterized.Event) -> None:
        comparison = self.comparison
        session = comparison.session
        present, step = session.run.trainer.step, session.engine.step
        note = f"step {step:,} of {present:,}" if present else "nothing has been trained yet"
        if changes := changes_after(session.run, step):
            note += f", then {escape(changes)}"
        if session.past is not None and session.deviation:
            note += f'<br><span class="bp-mistake">{escape(session.deviation)}</span>'
        self._caption.object = (
            f'<div class="bp-timeline-words"><span>Timeline {self._table_button}</span>'
            f'<span class="bp-timeline-lines">{self._legend() if present else ""}</span>'
            f"<span>{note}</span></div>"
        )
        self._now.disabled = session.past is None
        self._position = {"end": max(present, 1), "value": step, "disabled": not present}
        self._place_slider()
        self._curves.show(
            self._drawn_lines(),
            now=step if present else None,
            events=changed_settings(session.run, LOSS_SMOOTHING),
            end=max(present, 1),
            lowest=LOWEST,
            highest=sane_limit(comparison.runs(), log_y=True),
        )

    def _drawn_lines(self) -> list[Line]:
        """Return the lines of the compared runs: the others thin and faint, ours above them."""
        comparison = self.comparison
        branches = comparison.branches()
        end = max(comparison.session.run.trainer.step, 1)
        wanted = {
            run: (
                self._color(run),
                Wanted(
                    smoothing=LOSS_SMOOTHING,
                    validation=False,
                    begin=begin,
                    end=end,
                    points=FEWEST_POINTS,
                    dash=run_dash(comparison.number(run)),
                ),
            )
            for run, begin in branches.items()
        }
        lines = self._lines.of_all(wanted)
        color = self._color(comparison.session.run)
        ours = [line for line in lines if line.color == color]
        others = [replace(line, width=THIN) for line in lines if line.color != color]
        return [*others, *ours]

    def _legend(self) -> str:
        """Name the lines, if there are many only ours: at their ends, names would lie on others."""
        runs, ours = list(self.comparison.branches()), self.comparison.session.run
        if len(runs) < 2:
            return ""
        named = runs if len(runs) <= MOST_NAMED else [ours]
        number = self.comparison.number
        names = legend_of_lines((run_color(number(run)), run.name) for run in named)
        others = len(runs) - len(named)
        return names + (f" and {others} other runs, faint" if others else "")

    def _color(self, run: TrainingRun) -> str:
        color = run_color(self.comparison.number(run))
        return color if run is self.comparison.session.run else color + FAINT


def _slider() -> pmui.IntSlider:
    return pmui.IntSlider(
        label="Timeline",
        start=0,
        end=1,
        value=0,
        show_value=False,
        size="small",
        margin=(0, 6, 0, 4),
        sizing_mode="stretch_width",
        sx={"& .MuiFormLabel-root, & .MuiTypography-root": {"display": "none"}},
    )
