"""A list of runs with unique names, one of which is current."""

from __future__ import annotations

from typing import Any

import param

from ..interrupts import interrupts_deferred
from ..settings import SettingError, shown
from ..storage.run_names import checked_name, free_name
from ..storage.unreadable_runs import UnreadableRun
from .current_run import successor
from .run import TrainingRun
from .store_sync import StoreChanges


class RunList(param.Parameterized):
    """The runs of a manager: one that can be read is current as long as there is any."""

    runs = param.List([], item_type=TrainingRun, doc="All runs, in the order of their creation.")
    current = param.ClassSelector(
        default=None, class_=TrainingRun, allow_None=True, doc="The run in use."
    )
    unreadable = param.List(
        [], item_type=UnreadableRun, doc="Runs in the store that cannot be read, with reasons."
    )

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self.param.watch(self._own_runs, "runs")

    def run(self, run_id: str) -> TrainingRun:
        """Return the run with this id."""
        refuse_no_id(run_id)
        for run in self.runs:
            if run.id == run_id:
                return run
        raise SettingError("runs", f"There is no run with the id {shown(run_id)}.")

    @interrupts_deferred()
    def switch(self, run_id: str) -> TrainingRun:
        """Make another run the current one."""
        run = self.run(run_id)
        run.load()
        self.current = run
        return run

    def reset(self, run_id: str) -> None:
        """Return a run to its exact beginning."""
        self.run(run_id).reset()

    def _append(self, run: TrainingRun, replacing: TrainingRun | None = None) -> TrainingRun:
        """Add a run at the end, in place of another one if it is given, and make it current."""
        others = [other for other in self.runs if other is not replacing]
        self.param.update(current=run, runs=[*others, run])
        return run

    def _set_runs(self, runs: list[TrainingRun]) -> None:
        """Set the list of runs; if the current one is gone, the run before it becomes current."""
        current = self.current
        if current not in runs and current is not None:
            current = successor(current, self.runs, runs)
        unreadable = {run.id for run in self.unreadable}
        runs = [run for run in runs if run.id not in unreadable]
        # The current one first: its watchers never see a current run that is gone.
        # Param tells watchers of a run that is set again, and a page would pause it.
        changed = {} if current is self.current else {"current": current}
        self.param.update(**changed, runs=runs)

    def _take_changes(self, changes: StoreChanges) -> None:
        """Take what other windows changed in the store."""
        for run in changes.deleted:
            stop_training(run)
        if changes.unreadable != self.unreadable:
            self.unreadable = changes.unreadable
        if changes.renamed or changes.runs != self.runs:
            self._set_runs(changes.runs)
            self.param.trigger("runs")

    def _move_to_unreadable(self, run: TrainingRun, unreadable: UnreadableRun) -> None:
        if run in self.runs:
            found = [*self.unreadable, unreadable]
            self.unreadable = sorted(found, key=lambda each: each.position)
            self._set_runs([other for other in self.runs if other is not run])

    def _own_runs(self, event: param.parameterized.Event) -> None:
        for run in event.old:
            run.manager = None
        for run in event.new:
            run.manager = self

    def _name_and_stem(self, name: str | None, stem: str) -> tuple[str, str | None]:
        """Return a new run's name: the given one and no stem, or a free one and its stem."""
        if name is not None:
            return self._checked_name(name), None
        return free_name(stem, self._taken_names()), stem

    def _checked_name(self, name: str) -> str:
        return checked_name(name, self._taken_names())

    def _taken_names(self, but: TrainingRun | None = None) -> set[str]:
        """Return the names of all runs, but of one that is to be replaced."""
        return {run.name for run in (*self.runs, *self.unreadable) if run is not but}


def stop_training(run: TrainingRun) -> None:
    """Stop the training of a run, which only a loaded one can have."""
    if run.loaded:
        run.worker.stop()


def refuse_no_id(run_id: Any) -> None:
    """Raise `SettingError` unless a run's id is text."""
    if not isinstance(run_id, str):
        raise SettingError("runs", f"A run's id is text, as in run.id; got {shown(run_id)}.")
