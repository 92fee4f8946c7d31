"""How far a sweep is, what it says, and its buttons."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import panel as pn
import panel_material_ui as pmui
import param

from ...sweeps.sweep import Sweep
from ...sweeps.trial import STOPPED, WAITING
from ..plots.html import html
from ..state.sweep_work import SweepWork
from ..widgets.buttons import button, working_button
from .sweep_form import duration

NOTHING = "No sweep yet: tick what varies, and press <b>Start sweep</b>."


class SweepProgress(pn.viewable.Viewer):
    """A bar, the number of runs in each state, the time left, and Pause, Go on and Cancel.

    Parameters
    ----------
    work : SweepWork
    scheduler : callable
        Returns the address of the scheduler to go on with; empty for this machine.
    """

    work = param.ClassSelector(class_=SweepWork, constant=True)

    def __init__(self, work: SweepWork, scheduler: Callable[[], str]) -> None:
        super().__init__(work=work)
        self._scheduler = scheduler
        self._bar = pmui.LinearProgress(value=0, sizing_mode="stretch_width", margin=(6, 0))
        self._text = html(NOTHING, "bp-note", margin=(4, 0))
        self._notices = html("", "bp-mistake", visible=False)
        attempt = work.session.attempt
        self._pause = button("Pause sweep", lambda: attempt("sweep", work.pause))
        self._go_on = working_button("Go on", self._resume)
        self._all = working_button("Go on with stopped runs", lambda: self._resume(stopped=True))
        self._cancel = button(
            "Cancel sweep", lambda: attempt("sweep", lambda: work.pause(cancelled=True))
        )
        self._layout = pn.Column(
            self._text,
            self._bar,
            self._notices,
            pn.FlexBox(self._pause, self._go_on, self._all, self._cancel, margin=(2, 0)),
            sizing_mode="stretch_width",
            margin=0,
        )
        work.param.watch(self._show, ["version", "sweep", "problem"])
        self._show()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _resume(self, stopped: bool = False) -> None:
        work = self.work
        work.session.attempt("sweep", lambda: work.go_on(self._scheduler(), stopped))

    def _show(self, *events: param.parameterized.Event) -> None:
        sweep = self.work.sweep
        with pn.io.hold():
            self._bar.visible = sweep is not None
            notices = [self.work.problem, *(sweep.notices if sweep else [])]
            text = "<br>".join(escape(notice) for notice in notices if notice)
            self._notices.param.update(object=text, visible=bool(text))
            if sweep is None:
                for each in (self._pause, self._go_on, self._all, self._cancel):
                    each.visible = False
                return
            running, counts = sweep.running, sweep.counts
            is_at_rest = not running and not sweep.run_elsewhere
            self._bar.value = round(100 * sweep.progress)
            self._text.object = progress_text(sweep)
            self._pause.visible = self._cancel.visible = running and not sweep.pausing
            self._go_on.visible = is_at_rest and not sweep.finished
            self._all.visible = is_at_rest and sweep.finished and counts[STOPPED] > 0


def progress_text(sweep: Sweep) -> str:
    """Return the name of a sweep, the number of runs in each state and the time left, as HTML."""
    # Which of the runs another process trains at the moment is not known here.
    of_others = {WAITING: "not finished"} if sweep.run_elsewhere else {}
    counts = ", ".join(
        f"{count:,} {of_others.get(state, state)}" for state, count in sweep.counts.items() if count
    )
    parts = [f"<b>{escape(sweep.plan.name)}</b>", f"{sweep.progress:.0%}", counts, _state(sweep)]
    return " · ".join(filter(None, parts))


def _state(sweep: Sweep) -> str:
    """Return what a sweep does now; empty if it is finished, or if a notice says who runs it."""
    if sweep.pausing:
        return "stopping …"
    if sweep.awaits_workers:
        return "waits for workers"
    if sweep.running:
        left = sweep.seconds_left
        return f"about {duration(left)} left" if left is not None else "begins …"
    if sweep.finished or sweep.run_elsewhere:
        return ""
    return "cancelled" if sweep.cancelled else "paused"
