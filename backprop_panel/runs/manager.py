"""The manager of several runs, in memory or in a store."""

from __future__ import annotations

import atexit
import os
from pathlib import Path
from typing import Any

import param

from ..settings import SettingError, shown
from ..storage.autosave import Autosave
from ..storage.database import Store, StoreError
from ..storage.run_index import ListedRun
from ..storage.run_names import (
    checked_name,
    copy_stem,
    fork_stem,
    free_name,
    legal_name,
    refuse_unstorable,
)
from ..storage.unreadable_runs import UnreadableRun
from ..training.file_input import Source
from ..training.file_output import Target, write_file
from ..training.weight_mapping import WeightMapping
from .current_run import first_readable, successor
from .deferred_loading import Deferral
from .run import TrainingRun
from .run_settings import refuse_new_network
from .store_sync import StoreSync
from .weights_as_settings import mapping_for, with_layers

__all__ = ["TrainingRun", "TrainingRunManager"]


class TrainingRunManager(param.Parameterized):
    """Keeps runs with unique names: at least one after the first `create`.

    Parameters
    ----------
    store : str, Path or Store, optional
        The file of the runs. Its runs are available at once, and changes are saved within a
        second. None: the runs are kept in memory.
    user : str
        The owner of the runs: those of other users are neither visible nor changed.

    Raises
    ------
    StoreError
        If the store cannot be opened.
    """

    runs = param.List([], item_type=TrainingRun, doc="All runs, in the order of their creation.")
    current = param.ClassSelector(
        default=None, class_=TrainingRun, allow_None=True, doc="The run in use."
    )
    unreadable = param.List(
        [], item_type=UnreadableRun, doc="Runs in the store that cannot be read, with reasons."
    )
    store_problem = param.String(
        "", doc="Why runs are in memory only, as of the last `refresh`; empty: all are saved."
    )

    trained_elsewhere = param.Boolean(
        False, doc="Whether another window or process trains the current run, as of `refresh`."
    )

    def __init__(self, store: str | Path | Store | None = None, user: str = "") -> None:
        super().__init__()
        self._autosave: Autosave | None = None
        self._own_store: Store | None = None
        self._closed = False
        self._store: Store | None = None
        self.user = user
        self.param.watch(self._own_runs, "runs")
        if not isinstance(user, str):
            raise SettingError("user", f"user must be text, got {shown(user)}.")
        refuse_unstorable("user", user)
        if store is None:
            return
        try:
            self._open(store, user)
        except BaseException:
            self.close()
            raise
        self.param.watch(self._remember_current, "current")
        self._process = os.getpid()
        atexit.register(self._close_at_exit)

    def _open(self, store: str | Path | Store, user: str) -> None:
        """List the runs of a store, and make the one current that was current last."""
        if isinstance(store, (str, Path)):
            store = self._own_store = Store(store)
        elif not isinstance(store, Store):
            raise SettingError("store", f"store must be a path, or None, got {shown(store)}.")
        self._store, self._autosave = store, Autosave(store, user)
        self._load_changes()
        last = self._autosave.used_last()
        used_last = [run for run in self.runs if run.id == last]
        self.current = first_readable([*used_last, *reversed(self.runs)])
        self.store_problem = self._autosave.problem

    def create(self, name: str | None = None, **config: Any) -> TrainingRun:
        """Create a run, and make it the current one.

        Raises
        ------
        SettingError
            If the name is taken, or a setting is unknown or invalid. Nothing has changed then.
        """
        name, stem = self._name_and_stem(name, "run ")
        return self._add(TrainingRun(name, config), stem)

    def create_from_weights(
        self,
        source: Source | WeightMapping,
        name: str | None = None,
        transposed: bool | None = None,
        **config: Any,
    ) -> TrainingRun:
        """Create a run with the hidden layers of a file, and load its weights as the first event.

        Parameters
        ----------
        source : path, bytes, binary file or WeightMapping
            As for `TrainingRun.load_weights`.
        name : str, optional
        transposed : bool, optional
            As for `TrainingRun.load_weights`.
        **config
            All other settings of the run. The data must have the file's inputs and outputs.

        Raises
        ------
        SettingError
            As in `create` and `TrainingRun.load_weights`. Nothing has changed then.
        """
        name, stem = self._name_and_stem(name, "run ")
        mapping = mapping_for(config, source, transposed)
        run = TrainingRun(name, with_layers(config, mapping.widths))
        run.load_weights(mapping)
        return self._add(run, stem)

    @property
    def store(self) -> Store | None:
        """The store of the runs; None in memory, and once the manager is closed."""
        return self._store if self.has_store else None

    @property
    def has_store(self) -> bool:
        """Whether the runs are saved in a store, which a closed manager no longer does."""
        return self._autosave is not None

    def draft(
        self,
        name: str | None = None,
        replacing: TrainingRun | None = None,
        id: str | None = None,
        **config: Any,
    ) -> TrainingRun:
        """Create a run as `create` does, but save it only after its first change.

        Its first event saves it, as does a new name or a fork; before, no other window shows it.

        Parameters
        ----------
        name : str, optional
        replacing : TrainingRun, optional
            An unchanged draft that the new one replaces.
        id : str, optional
            A random one, as `TrainingRun` makes it.
        **config
            The settings of the run.

        Raises
        ------
        SettingError
            As in `create`.
        """
        self._refuse_if_closed()
        if replacing is not None and replacing not in self.runs:
            raise SettingError("run", f"There is no such run to replace: {shown(replacing)}.")
        others = [run for run in self.runs if run is not replacing]
        stem = "run " if name is None else fork_stem(name)
        taken = {run.name for run in (*others, *self.unreadable)}
        name = free_name(stem, taken) if name is None else self._checked_name(name)
        run = TrainingRun(name, config, id)
        if self._autosave is not None:
            self._autosave.add_draft(run, stem)
            if replacing is not None:
                self._autosave.forget(replacing)
        self.param.update(current=run, runs=[*others, run])
        return run

    def fork(
        self, run_id: str, step: int | None = None, name: str | None = None, **settings: Any
    ) -> TrainingRun:
        """Create a run that shares the past of another up to `step`, by default all of it.

        Parameters
        ----------
        run_id : str
        step : int, optional
        name : str, optional
        **settings
            Training settings of the fork, from `step` on.

        Raises
        ------
        SettingError
            If a setting needs another network or other data, or a setting or run is unknown.
        """
        parent = self.run(run_id)
        name, stem = self._name_and_stem(name, fork_stem(parent.name))
        refuse_new_network(settings)
        fork = parent.fork(name, parent.trainer.step if step is None else step)
        fork.trainer.change(**settings)
        if self._autosave is not None:
            self._autosave.store_draft(parent)
        return self._add(fork, stem)

    def add(self, run: TrainingRun) -> TrainingRun:
        """Add an existing run, as ``name (2)`` if its name is taken, and make it current."""
        if not isinstance(run, TrainingRun):
            raise SettingError("run", f"run must be a TrainingRun, got {shown(run)}.")
        if run.manager is self or (run.manager is not None and run.manager.has_store):
            raise SettingError(
                "run",
                f"{shown(run.name)} is in {'this' if run.manager is self else 'another'} manager "
                "already: fork it there, or export and import it.",
            )
        run.name = legal_name(run.name)
        stem = copy_stem(run.name)
        if run.name in self._taken_names():
            run.name = free_name(stem, self._taken_names())
        return self._add(run, stem)

    def switch(self, run_id: str) -> TrainingRun:
        """Make another run the current one."""
        run = self.run(run_id)
        run.load()
        self.current = run
        return run

    def rename(self, run_id: str, name: str) -> None:
        """Give a run another name, as ``run.name = name`` does."""
        self._refuse_if_closed()
        run = self.run(run_id)
        if not isinstance(name, str) or name != run.name:
            name = self._checked_name(name)
            if self._autosave is not None:
                self._autosave.rename(run, name)
            run.take_name(name)
            self.param.trigger("runs")

    def reset(self, run_id: str) -> None:
        """Return a run to its exact beginning."""
        self.run(run_id).reset()

    def delete(self, run_id: str) -> None:
        """Delete a run; if it was current, the run before it becomes current."""
        self._refuse_if_closed()
        _refuse_no_id(run_id)
        others = [run for run in self.unreadable if run.id != run_id]
        if others != self.unreadable:
            self._autosave.delete_unreadable(run_id)
            self.unreadable = others
            return
        run = self.run(run_id)
        others = [other for other in self.runs if other is not run]
        if not others or (run is self.current and not successor(run, self.runs, others)):
            raise SettingError("runs", f"{shown(run.name)} is the only run; there must be one.")
        _stop(run)
        if self._autosave is not None:
            stored = self._autosave.has_stored
            if stored(run) and not any(map(stored, others)):
                self._autosave.store_draft(others[0])  # the store, too, has at least one run
            self._autosave.delete(run)
        self._set_runs(others)

    def export_raw(self, run_id: str, target: Target) -> None:
        """Write the raw data of an unreadable run into a store file of its own.

        Parameters
        ----------
        run_id : str
            The id of one of `unreadable`.
        target : path or binary file
            An existing file is replaced.

        Raises
        ------
        SettingError
            If there is no such run, or the file cannot be written: then it is as it was.
        """
        self._refuse_if_closed()
        _refuse_no_id(run_id)
        if run_id not in {run.id for run in self.unreadable}:
            raise SettingError("runs", f"There is no unreadable run with the id {shown(run_id)}.")
        copy = self._autosave.raw_copy(run_id)
        write_file(target, copy)

    def run(self, run_id: str) -> TrainingRun:
        """Return the run with this id."""
        _refuse_no_id(run_id)
        for run in self.runs:
            if run.id == run_id:
                return run
        raise SettingError("runs", f"There is no run with the id {shown(run_id)}.")

    def refresh(self) -> list[TrainingRun]:
        """Load the changes of other windows from the store; return the runs trained there.

        Runs created elsewhere appear, runs deleted elsewhere disappear, and names follow.
        """
        if self._autosave is None:
            return []
        try:
            newer = self._load_changes()
            current = self.current
            self.trained_elsewhere = current is not None and self._autosave.is_trained_elsewhere(
                current
            )
        except StoreError as error:
            self.store_problem = str(error)
            return []
        self.store_problem = self._autosave.problem
        return newer

    def give_back(self) -> None:
        """Save everything, and let other windows train the runs that no worker trains here."""
        if self._autosave is not None:
            self._autosave.give_back()

    def close(self) -> None:
        """Stop all training and save it; called when Python ends as well."""
        atexit.unregister(self._close_at_exit)
        for run in self.runs:
            _stop(run)
        if self._autosave is not None:
            self._autosave.close()
            self.store_problem, self._autosave = self._autosave.problem, None
            self._closed = True
        if self._own_store is not None:
            self._own_store.close()
            self._own_store = None

    def _close_at_exit(self) -> None:
        # A process forked from this one must not write to the file.
        if os.getpid() == self._process:
            self.close()

    def _load_changes(self) -> list[TrainingRun]:
        changes = StoreSync(self._autosave, self._deferral, self.runs, self.unreadable).changes()
        for run in changes.deleted:
            _stop(run)
        if changes.unreadable != self.unreadable:
            self.unreadable = changes.unreadable
        if changes.renamed or changes.runs != self.runs:
            self._set_runs(changes.runs)
            self.param.trigger("runs")
        return changes.newer

    def _deferral(self, listed: ListedRun) -> Deferral:
        return Deferral(listed, lambda: self._autosave, self._move_to_unreadable)

    def _move_to_unreadable(self, run: TrainingRun, unreadable: UnreadableRun) -> None:
        if run in self.runs:
            found = [*self.unreadable, unreadable]
            self.unreadable = sorted(found, key=lambda each: each.position)
            self._set_runs([other for other in self.runs if other is not run])

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

    def _own_runs(self, event: param.parameterized.Event) -> None:
        for run in event.old:
            run.manager = None
        for run in event.new:
            run.manager = self

    def _remember_current(self, event: param.parameterized.Event) -> None:
        if self._autosave is not None and event.new is not None:
            self._autosave.use(event.new)

    def _add(self, run: TrainingRun, stem: str | None) -> TrainingRun:
        """Add a run; with `stem`, another name is chosen if its own was taken meanwhile."""
        self._refuse_if_closed()
        if self._autosave is not None:
            self._autosave.add(run, stem)
        self.param.update(current=run, runs=[*self.runs, run])
        return run

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise StoreError(
                "This manager is closed, and saves nothing more: open the store again."
            )

    def _name_and_stem(self, name: str | None, stem: str) -> tuple[str, str | None]:
        """Return a new run's name: the given one and no stem, or a free one and its stem."""
        if name is not None:
            return self._checked_name(name), None
        return free_name(stem, self._taken_names()), stem

    def _checked_name(self, name: str) -> str:
        return checked_name(name, self._taken_names())

    def _taken_names(self) -> set[str]:
        return {run.name for run in (*self.runs, *self.unreadable)}


def _stop(run: TrainingRun) -> None:
    """Stop the training of a run, which only a loaded one can have."""
    if run.loaded:
        run.worker.stop()


def _refuse_no_id(run_id: Any) -> None:
    if not isinstance(run_id, str):
        raise SettingError("runs", f"A run's id is text, as in run.id; got {shown(run_id)}.")
