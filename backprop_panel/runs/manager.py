"""The manager of several runs, in memory or in a store."""

from __future__ import annotations

import atexit
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import param

from ..settings import SettingError, refuse_unknown, shown
from ..storage.autosave import Autosave
from ..storage.database import Store, StoreError
from ..storage.run_index import MOST_NAME_LENGTH, ListedRun, free_name, refuse_unstorable
from ..storage.unreadable_runs import UnreadableRun
from ..training.file_output import Target, write_file
from .deferral import Deferral, unreadable_run
from .run import CONFIGURATION, TRAINER_SETTINGS, TrainingRun

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

    def __init__(self, store: str | Path | Store | None = None, user: str = "") -> None:
        super().__init__()
        self._shelf: Autosave | None = None
        self._own_store: Store | None = None
        self._closed = False
        self.param.watch(self._own_runs, "runs")
        if not isinstance(user, str):
            raise SettingError("user", f"user must be text, got {shown(user)}.")
        refuse_unstorable("user", user)
        if store is None:
            return
        if isinstance(store, (str, Path)):
            store = self._own_store = Store(store)
        elif not isinstance(store, Store):
            raise SettingError("store", f"store must be a path, or None, got {shown(store)}.")
        try:
            self._shelf = Autosave(store, user)
            self._load_changes()
            used = self._shelf.used_last()
            used_last = [run for run in self.runs if run.id == used]
            self.current = self._first_readable([*used_last, *reversed(self.runs)])
            self.store_problem = self._shelf.problem
        except BaseException:
            self.close()
            raise
        self.param.watch(self._remember_current, "current")
        self._process = os.getpid()
        atexit.register(self._close_at_exit)

    def create(self, name: str | None = None, **config: Any) -> TrainingRun:
        """Create a run, and make it the current one.

        Raises
        ------
        SettingError
            If the name is taken, or a setting is unknown or invalid. Nothing has changed then.
        """
        stem = "run " if name is None else None
        name = self._checked_name(name) if stem is None else self._free_name(stem)
        return self._add(TrainingRun(name, config), stem)

    @property
    def has_store(self) -> bool:
        """Whether the runs are saved in a store, which a closed manager no longer does."""
        return self._shelf is not None

    def draft(
        self, name: str | None = None, replacing: TrainingRun | None = None, **config: Any
    ) -> TrainingRun:
        """Create a run as `create` does, but save it only after its first change.

        Its first event saves it, as does a new name or a fork; before, no other window shows it.

        Parameters
        ----------
        name : str, optional
        replacing : TrainingRun, optional
            An unchanged draft that the new one replaces.
        **config
            The settings of the run.

        Raises
        ------
        SettingError
            As in `create`.
        """
        self._refuse_if_closed()
        others = [run for run in self.runs if run is not replacing]
        stem = "run " if name is None else f"{name}."
        taken = {run.name for run in (*others, *self.unreadable)}
        name = free_name(stem, taken) if name is None else self._checked_name(name)
        run = TrainingRun(name, config)
        if self._shelf is not None:
            self._shelf.add_draft(run, stem)
            if replacing is not None:
                self._shelf.forget(replacing)
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
        stem = f"{parent.name}." if name is None else None
        name = self._checked_name(name) if stem is None else self._free_name(stem)
        _refuse_new_network(settings)
        fork = parent.fork(name, parent.trainer.step if step is None else step)
        fork.trainer.change(**settings)
        if self._shelf is not None:
            self._shelf.keep(parent)
        return self._add(fork, stem)

    def add(self, run: TrainingRun) -> TrainingRun:
        """Add an existing run, under a free name, and make it the current one."""
        if not isinstance(run, TrainingRun):
            raise SettingError("run", f"run must be a TrainingRun, got {shown(run)}.")
        if run.manager is self or (run.manager is not None and run.manager.has_store):
            raise SettingError(
                "run",
                f"{shown(run.name)} is in {'this' if run.manager is self else 'another'} manager "
                "already: fork it there, or export and import it.",
            )
        stem = f"{run.name}."
        if run.name in self._taken_names():
            run.name = self._free_name(stem)
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
        if name != run.name:
            name = self._checked_name(name)
            if self._shelf is not None:
                self._shelf.rename(run, name)
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
            self._shelf.delete_unreadable(run_id)
            self.unreadable = others
            return
        run = self.run(run_id)
        others = [other for other in self.runs if other is not run]
        if not others or (run is self.current and not self._successor(run, others)):
            raise SettingError("runs", f"{shown(run.name)} is the only run; there must be one.")
        _stop(run)
        if self._shelf is not None:
            stored = self._shelf.has_stored
            if stored(run) and not any(map(stored, others)):
                self._shelf.keep(others[0])  # the store, too, has at least one run
            self._shelf.delete(run)
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
        copy = self._shelf.raw_copy(run_id)
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
        if self._shelf is None:
            return []
        try:
            newer = self._load_changes()
        except StoreError as error:
            self.store_problem = str(error)
            return []
        self.store_problem = self._shelf.problem
        return newer

    def give_back(self) -> None:
        """Save everything, and let other windows train the runs that no worker trains here."""
        if self._shelf is not None:
            self._shelf.give_back()

    def close(self) -> None:
        """Stop all training and save it; called when Python ends as well."""
        atexit.unregister(self._close_at_exit)
        for run in self.runs:
            _stop(run)
        if self._shelf is not None:
            self._shelf.close()
            self.store_problem, self._shelf = self._shelf.problem, None
            self._closed = True
        if self._own_store is not None:
            self._own_store.close()
            self._own_store = None

    def _close_at_exit(self) -> None:
        # A process forked from this one must not write to the file.
        if os.getpid() == self._process:
            self.close()

    def _load_changes(self) -> list[TrainingRun]:
        shelf, known = self._shelf, {run.id: run for run in self.runs}
        # Read before the list, which may lack a run that is saved from here on.
        stored = {run.id for run in self.runs if shelf.has_stored(run)}
        runs, newer, unreadable, renamed = [], [], [], False
        for listed in shelf.listed():
            run = known.pop(listed.id, None)
            if run is None:
                run = self._listed(listed)
                if isinstance(run, UnreadableRun):
                    unreadable.append(run)
                    continue
            elif shelf.follow(run, listed.saves) if run.loaded else run.list_again(listed):
                newer.append(run)
            if run.name != listed.name:
                run.take_name(listed.name)
                renamed = True
            runs.append(run)
        for run in known.values():
            if run.id in stored:  # deleted elsewhere
                shelf.forget(run)
                _stop(run)
            else:
                renamed = self._rename_if_taken(run, [*runs, *unreadable]) or renamed
                runs.insert(self.runs.index(run), run)
        if unreadable != self.unreadable:
            self.unreadable = unreadable
        if renamed or runs != self.runs:
            self._set_runs(runs)
            self.param.trigger("runs")
        return newer

    def _rename_if_taken(self, run: TrainingRun, others: list[TrainingRun | UnreadableRun]) -> bool:
        """Rename an unsaved run if another took its name; return whether it was renamed."""
        stem, taken = self._shelf.stem(run), {other.name for other in others}
        if stem is None or run.name not in taken:
            return False
        run.take_name(free_name(stem, taken | self._taken_names()))
        return True

    def can_read(self, run: TrainingRun) -> bool:
        """Load a run unless it is loaded; tell whether that succeeds."""
        try:
            run.load()
        except SettingError:
            return False
        return True

    def _listed(self, listed: ListedRun) -> TrainingRun | UnreadableRun:
        """Return a run of the store's list, to be loaded later."""
        for known in self.unreadable:
            if (known.id, known.saves) == (listed.id, listed.saves):
                return replace(known, name=listed.name)
        deferral = Deferral(listed, lambda: self._shelf, self._move_to_unreadable)
        try:
            return TrainingRun(listed.name, listed.config, listed.id, listed.parent, deferral)
        except Exception as error:  # whatever is wrong with it, the other runs are shown
            return unreadable_run(listed, listed.name, error)

    def _move_to_unreadable(self, run: TrainingRun, unreadable: UnreadableRun) -> None:
        if run in self.runs:
            found = [*self.unreadable, unreadable]
            self.unreadable = sorted(found, key=lambda each: each.position)
            self._set_runs([other for other in self.runs if other is not run])

    def _successor(self, gone: TrainingRun, runs: list[TrainingRun]) -> TrainingRun | None:
        """Return the first readable of the runs before one that is gone, then of all."""
        before = [run for run in self.runs[: self.runs.index(gone)] if run in runs]
        return self._first_readable([*reversed(before), *runs])

    def _first_readable(self, runs: list[TrainingRun]) -> TrainingRun | None:
        """Return the first run that can be loaded, None if there is none."""
        for run in runs:
            try:
                run.load()
            except StoreError:
                raise
            except SettingError:
                continue
            return run
        return None

    def _set_runs(self, runs: list[TrainingRun]) -> None:
        """Set the list of runs; if the current one is gone, the run before it becomes current."""
        current = self.current
        if current not in runs and current is not None:
            current = self._successor(current, runs)
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
        if self._shelf is not None and event.new is not None:
            self._shelf.use(event.new)

    def _add(self, run: TrainingRun, stem: str | None) -> TrainingRun:
        """Add a run; with `stem`, another name is chosen if its own was taken meanwhile."""
        self._refuse_if_closed()
        if self._shelf is not None:
            self._shelf.add(run, stem)
        self.param.update(current=run, runs=[*self.runs, run])
        return run

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise StoreError(
                "This manager is closed, and saves nothing more: open the store again."
            )

    def _checked_name(self, name: str) -> str:
        if not isinstance(name, str):
            raise SettingError("name", f"A run's name must be text, got {shown(name)}.")
        name = name.strip()
        if not name:
            raise SettingError("name", "A run needs a name.")
        if len(name) > MOST_NAME_LENGTH:
            raise SettingError(
                "name",
                f"A run's name has at most {MOST_NAME_LENGTH} characters, got {len(name):,}.",
            )
        refuse_unstorable("name", name)
        if name in self._taken_names():
            raise SettingError("name", f"There is a run named {shown(name)} already.")
        return name

    def _taken_names(self) -> set[str]:
        return {run.name for run in (*self.runs, *self.unreadable)}

    def _free_name(self, stem: str) -> str:
        return free_name(stem, self._taken_names())


def _stop(run: TrainingRun) -> None:
    """Stop the training of a run, which only a loaded one can have."""
    if run.loaded:
        run.worker.stop()


def _refuse_new_network(settings: Mapping[str, Any]) -> None:
    refuse_unknown(settings, CONFIGURATION)
    for name in settings:
        if name not in TRAINER_SETTINGS:
            raise SettingError(
                name,
                f"{name} needs a new network, so it cannot change in a fork; create a run with it. "
                f"A fork may change {', '.join(TRAINER_SETTINGS)}.",
            )


def _refuse_no_id(run_id: Any) -> None:
    if not isinstance(run_id, str):
        raise SettingError("runs", f"A run's id is text, as in run.id; got {shown(run_id)}.")
