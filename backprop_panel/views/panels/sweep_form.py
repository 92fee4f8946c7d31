"""The form of a sweep: what varies from the present run, how often, and how far."""

from __future__ import annotations

from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from ...settings import SettingError
from ...sweeps.cluster import cores
from ...sweeps.estimate import estimated_seconds
from ...sweeps.plan import Plan
from ..plots.html import html
from ..state.sweep_work import SweepWork
from ..widgets.buttons import PRIMARY, group_head, working_button
from ..widgets.page_words import in_page_words
from ..widgets.setting_fields import whole
from .sweep_values import OFFERED, label_of, suggested, typed_values

FIRST = ("learning_rate",)
"""What is ticked at first."""

FIELD = {"size": "small", "margin": (10, 8, 4, 0)}


class SweepForm(pn.viewable.Viewer):
    """Defines a sweep from the settings of the present run, and starts it."""

    work = param.ClassSelector(class_=SweepWork, constant=True)
    visible = param.Boolean(False, doc="Whether the form is seen.")

    def __init__(self, work: SweepWork) -> None:
        super().__init__(work=work)
        self._ticks = pmui.CheckBoxGroup(
            options={label_of(name).lower(): name for name in OFFERED},
            value=list(FIRST),
            inline=True,
            margin=0,
        )
        self._values = {
            name: pmui.TextInput(
                label=f"{label_of(name)} values", width=210, visible=False, **FIELD
            )
            for name in OFFERED
        }
        self._seeds, self._epochs = (
            pmui.TextInput(label=label, value=value, width=110, **FIELD)
            for label, value in (("Seeds", "3"), ("Epochs of each", "20"))
        )
        self._halving = pmui.Checkbox(label="Stop early what lags behind", margin=(16, 8, 0, 0))
        self._scheduler = pmui.TextInput(
            label="Dask scheduler", placeholder="this machine", width=190, **FIELD
        )
        self._summary = html("", "bp-note", margin=(6, 0))
        self._mistake = html("", "bp-mistake", visible=False)
        self._start = working_button(
            "Start sweep", self._begin, variant="contained", sx=PRIMARY, margin=(8, 0)
        )
        self._estimate: tuple[Plan, float] | None = None
        self._layout = self._lay_out()
        self._watch()

    @property
    def scheduler(self) -> str:
        """The address of the scheduler; empty for this machine."""
        return self._scheduler.value.strip()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _lay_out(self) -> pn.Column:
        fields = [*self._values.values(), self._seeds, self._epochs, self._halving, self._scheduler]
        return pn.Column(
            group_head("What varies", "the rest is as in the run on the page"),
            self._ticks,
            pn.FlexBox(*fields, sizing_mode="stretch_width", margin=0),
            self._summary,
            self._mistake,
            self._start,
            sizing_mode="stretch_width",
            margin=0,
        )

    def _watch(self) -> None:
        self._ticks.param.watch(self._follow, "value")
        for field in (*self._values.values(), self._seeds, self._epochs, self._halving):
            field.param.watch(self._follow, "value")
        self.work.session.param.watch(self._follow, ["run", "settings"])
        self.work.session.param.watch(self._show_mistake, "mistakes")
        self.work.param.watch(self._follow_running, "version")
        self.param.watch(self._follow, "visible")

    def _follow(self, *events: param.parameterized.Event) -> None:
        """Suggest values where there are none, and say what the sweep would be."""
        if not self.visible:
            return
        run = self.work.session.run
        settings = run.settings
        with pn.io.hold():
            for name, field in self._values.items():
                field.visible = name in self._ticks.value
                if field.visible and not field.value and not run.secret:
                    field.value = suggested(name, settings[name])
            self._describe()

    def _describe(self) -> None:
        try:
            plan = Plan(**self._plan())
            seconds = self._estimated_seconds(plan) / cores()
        except (SettingError, MemoryError) as error:
            self._summary.param.update(
                object=escape(in_page_words(str(error))), css_classes=["bp-mistake"]
            )
            return
        where = "a cluster" if self.scheduler else f"the {cores()} cores of this machine"
        early = ", fewer steps for what lags behind" if plan.halving else ""
        self._summary.param.update(
            object=f"<b>{plan.runs:,} runs</b> of {plan.amount:,} {plan.unit}{early}: about "
            f"<b>{duration(seconds)}</b> on {where}",
            css_classes=["bp-note"],
        )

    def _estimated_seconds(self, plan: Plan) -> float:
        """Return how long the plan takes; it trains a few steps only if the plan is another one."""
        if self._estimate is None or self._estimate[0] != plan:
            self._estimate = plan, estimated_seconds(plan)
        return self._estimate[1]

    def _plan(self) -> dict[str, Any]:
        self.work.session.refuse_hidden()
        grid = {name: typed_values(name, self._values[name].value) for name in self._ticks.value}
        seeds, epochs = whole("seeds", self._seeds.value), whole("epochs", self._epochs.value)
        settings = dict(self.work.session.run.settings)
        base = {name: value for name, value in settings.items() if name not in (*grid, "mode")}
        halving = 3 if self._halving.value else None
        return {
            "base": base,
            "grid": grid,
            "seeds": seeds,
            "budget": {"epochs": epochs},
            "halving": halving,
        }

    def _begin(self) -> None:
        def begin() -> None:
            """Start the sweep; a mistake is raised as one of the setting ``"sweep"``."""
            try:
                plan = self._plan()
                self.work.start(plan.pop("base"), self.scheduler, **plan)
            except SettingError as error:
                # Not beside the field of the same setting of the run.
                raise SettingError("sweep", str(error)) from None

        self.work.session.attempt("sweep", begin)

    def _show_mistake(self, *events: param.parameterized.Event) -> None:
        text = in_page_words(self.work.session.mistakes.get("sweep", ""))
        self._mistake.param.update(object=escape(text), visible=bool(text))

    def _follow_running(self, *events: param.parameterized.Event) -> None:
        if self._start.disabled != self.work.running:
            self._start.disabled = self.work.running


def duration(seconds: float) -> str:
    """Return a time as people say it."""
    if seconds < 90:
        return f"{max(round(seconds), 1)} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"
