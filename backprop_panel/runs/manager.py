"""The manager of several runs, in memory or in a store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import param

from ..interrupts import interrupts_deferred
from ..settings import SettingError, refuse_unstorable, shown
from ..storage.autosave import Autosave
from ..storage.database import Store, StoreError
from ..storage.run_index import ListedRun
from ..storage.run_names import copy_stem, fork_stem, free_name, legal_name
from ..training.file_input import Source
from ..training.file_output import Target, write_file
from ..training.weight_mapping import WeightMapping
from .current_run import first_readable, successor
from .deferred_loading import Deferral
from .run import TrainingRun
from .run_list import RunList, refuse_no_id, stop_training
from .run_settings import refuse_new_network
from .store_link import StoreLink
from .store_sync import StoreSync
from .weights_as_settings import mapping_for, with_layers

__all__ = ["TrainingRun", "TrainingRunManager"]


class TrainingRunManager(RunList):
    """Creates, forks, saves and deletes runs. At least one remains after the first `create`.

    Parameters
    ----------
    store : str, Path or Store, optional
        The file of the runs. Its runs are available at once, and changes are saved within a
        second. With None, the runs are kept in memory.
    user : str
        The owner of the runs. Those of other users are neither visible nor changed.

    Raises
    ------
    StoreError
        If the store cannot be opened.
    """

    store_problem = param.String(
        "", doc="Why runs are in memory only, as of the last `refresh`; empty: all are saved."
    )
    trained_elsewhere = param.Boolean(
        False, doc="Whether another window or process trains the current run, as of `refresh`."
    )
    closed = param.Boolean(False, doc="Whether it was closed, and saves nothing more in its store.")

    def __init__(self, store: str | Path | Store | None = None, user: str = "") -> None:
        super().__init__()
        self._link = StoreLink()
        self.user = user
        if not isinstance(user, str):
            raise SettingError("user", f"user must be text, got {shown(user)}.")
        refuse_unstorable("user", user)
        if store is None:
            return
        self._link = StoreLink(store, user)
        try:
            self._list_stored(self._link.autosave)
        except BaseException:
            self.close()
            raise
        self.param.watch(lambda event: self._link.use(event.new), "current")
        self._link.close_at_exit(self.close)

    def _list_stored(self, autosave: Autosave) -> None:
        """List the runs of the store, and make the one current that was current last."""
        self._load_changes(autosave)
        last = autosave.used_last()
        used_last = [run for run in self.runs if run.id == last]
        self.current = first_readable([*used_last, *reversed(self.runs)])
        self.store_problem = autosave.problem

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
        return self._link.store

    @property
    def has_store(self) -> bool:
        """Whether the runs are saved in a store, which a closed manager no longer does."""
        return self._link.is_open

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
        self._link.refuse_if_closed()
        if replacing is not None and replacing not in self.runs:
            raise SettingError("run", f"There is no such run to replace: {shown(replacing)}.")
        stem = "run " if name is None else fork_stem(name)
        taken = self._taken_names(but=replacing)
        name = free_name(stem, taken) if name is None else self._checked_name(name)
        run = TrainingRun(name, config, id)
        with interrupts_deferred():
            self._link.add_draft(run, stem, replacing)
            return self._append(run, replacing)

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
        refuse_new_network(settings, "a fork")
        fork = parent.fork(name, parent.trainer.step if step is None else step)
        fork.trainer.change(**settings)
        with interrupts_deferred():
            self._link.store_draft(parent)
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

    @interrupts_deferred()
    def rename(self, run_id: str, name: str) -> None:
        """Give a run another name, as ``run.name = name`` does."""
        self._link.refuse_if_closed()
        run = self.run(run_id)
        if not isinstance(name, str) or name != run.name:
            name = self._checked_name(name)
            self._link.rename(run, name)
            run.take_name(name)
            self.param.trigger("runs")

    @interrupts_deferred()
    def delete(self, run_id: str) -> None:
        """Delete a run; if it was current, the run before it becomes current."""
        self._link.refuse_if_closed()
        refuse_no_id(run_id)
        others = [run for run in self.unreadable if run.id != run_id]
        if others != self.unreadable:
            self._link.autosave.delete_unreadable(run_id)
            self.unreadable = others
            return
        run = self.run(run_id)
        others = [other for other in self.runs if other is not run]
        if not others or (run is self.current and not successor(run, self.runs, others)):
            raise SettingError("runs", f"{shown(run.name)} is the only run; there must be one.")
        stop_training(run)
        self._link.delete(run, others)
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
        self._link.refuse_if_closed()
        refuse_no_id(run_id)
        if run_id not in {run.id for run in self.unreadable}:
            raise SettingError("runs", f"There is no unreadable run with the id {shown(run_id)}.")
        write_file(target, self._link.autosave.raw_copy(run_id))

    @interrupts_deferred()
    def refresh(self) -> list[TrainingRun]:
        """Load the changes of other windows from the store; return the runs saved there since.

        Runs created elsewhere appear, runs deleted elsewhere disappear, and names follow.
        """
        if (autosave := self._link.autosave) is None:
            return []
        try:
            newer = self._load_changes(autosave)
            current = self.current
            self.trained_elsewhere = current is not None and autosave.is_trained_elsewhere(current)
        except StoreError as error:
            self.store_problem = str(error)
            return []
        self.store_problem = autosave.problem
        return newer

    @interrupts_deferred()
    def give_back(self) -> None:
        """Save everything, and let other windows train the runs that no worker trains here."""
        self._link.give_back()

    @interrupts_deferred()
    def close(self) -> None:
        """Stop all training and save it; called when Python ends as well."""
        for run in self.runs:
            stop_training(run)
        if self.has_store:
            self._link.close()
            self.param.update(store_problem=self._link.problem, closed=True)

    def _load_changes(self, autosave: Autosave) -> list[TrainingRun]:
        """Take what other windows changed in the store; return the runs saved there since."""
        changes = StoreSync(autosave, self._deferral, self.runs, self.unreadable).changes()
        self._take_changes(changes)
        return changes.newer

    def _deferral(self, listed: ListedRun) -> Deferral:
        return Deferral(listed, lambda: self._link.autosave, self._move_to_unreadable)

    @interrupts_deferred()
    def _add(self, run: TrainingRun, stem: str | None) -> TrainingRun:
        """Add a run; with `stem`, another name is chosen if its own was taken meanwhile."""
        self._link.add(run, stem)
        return self._append(run)
