"""The fields of the moment that the shown one is compared with: a run, and one of its steps."""

from __future__ import annotations

import panel_material_ui as pmui
import param

from ...runs.run import TrainingRun
from ..state.run_order import in_order
from ..state.session import Session, redraw_on_change
from ..widgets.buttons import RunSelect
from ..widgets.setting_fields import whole
from .suggested_comparison import parent_of, suggested_run, suggested_step


class OtherMoment:
    """A run and a step to choose, which suggest a comparison until a person chooses another.

    Parameters
    ----------
    session : Session

    Attributes
    ----------
    run_field : RunSelect
    step_field : TextInput
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self.run_field = RunSelect(
            label="Compare with", size="small", width=220, margin=(12, 6, 5, 0)
        )
        self.step_field = pmui.TextInput(
            label="At step", size="small", width=110, margin=(12, 6, 5, 0)
        )
        self._suggested = ("", "")  # a run and a step, as the fields show them
        self.run_field.param.watch(self._step_of_run, "value")
        for field in (self.run_field, self.step_field):
            field.param.watch(lambda event: session.forget_mistake("difference"), "value")
        session.manager.param.watch(self._offer_runs, "runs")
        session.param.watch(self._offer_runs, "run")
        redraw_on_change(session, self._suggest_step)
        session.param.watch(self._show_mistake, "mistakes")
        self._offer_runs()

    @property
    def run(self) -> TrainingRun:
        """The run that is chosen."""
        return self._session.manager.run(self.run_field.value)

    @property
    def step(self) -> int:
        """The step that is chosen.

        Raises
        ------
        SettingError
            If the field holds no whole number.
        """
        return whole("step", self.step_field.value)

    def _offer_runs(self, *events: param.parameterized.Event) -> None:
        """Offer all runs, the parent of the shown one first; what a person chose stays chosen."""
        session = self._session
        parent = parent_of(session)
        runs = sorted(in_order(session.manager.runs), key=lambda run: run is not parent)
        chosen = self.run_field.value
        if chosen not in {run.id for run in runs} or self._is_suggested():
            chosen = suggested_run(session).id
            self._suggested = (chosen, self._suggested[1])
        self.run_field.offer(runs, chosen)

    def _is_suggested(self) -> bool:
        """Tell whether the fields have what was suggested, and nothing is compared with it yet."""
        fields = (self.run_field.value, self.step_field.value)
        return fields == self._suggested and self._session.subtracted is None

    def _step_of_run(self, event: param.parameterized.Event) -> None:
        """Suggest a step of the run that was chosen."""
        if event.type != "triggered":
            self._fill_step()

    def _suggest_step(self, *events: param.parameterized.Event) -> None:
        """Suggest a step as the runs go on, unless another was typed."""
        if self.step_field.value == self._suggested[1] and self._session.subtracted is None:
            self._fill_step()

    def _fill_step(self) -> None:
        session = self._session
        runs = (run for run in session.manager.runs if run.id == self.run_field.value)
        run = next(runs, None)
        self.step_field.value = str(suggested_step(session, run)) if run else ""
        self._suggested = (self._suggested[0], self.step_field.value)

    def _show_mistake(self, event: param.parameterized.Event) -> None:
        mistake = event.new.get("step", "")
        self.step_field.param.update(error_state=bool(mistake), helper_text=mistake)
