"""Synchronization of a manager's runs with those of its store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from ..storage.autosave import Autosave
from ..storage.run_index import ListedRun
from ..storage.run_names import free_name
from ..storage.unreadable_runs import UnreadableRun
from .deferred_loading import Deferral, unreadable_run
from .run import TrainingRun


@dataclass
class StoreChanges:
    """What other windows changed in a store, and the manager's runs afterwards.

    Attributes
    ----------
    runs : list of TrainingRun
    unreadable : list of UnreadableRun
    newer : list of TrainingRun
        Those of `runs` of which something newer was saved elsewhere. Whether one is trained there
        at this moment, `LeaseKeeper` tells.
    deleted : list of TrainingRun
        Runs that were deleted elsewhere.
    renamed : bool
        Whether a run has another name than before.
    """

    runs: list[TrainingRun] = field(default_factory=list)
    unreadable: list[UnreadableRun] = field(default_factory=list)
    newer: list[TrainingRun] = field(default_factory=list)
    deleted: list[TrainingRun] = field(default_factory=list)
    renamed: bool = False


class StoreSync:
    """Brings the runs of a manager up to date with its store.

    Parameters
    ----------
    autosave : Autosave
    deferral : callable
        Returns the `Deferral` of a run that has not been loaded yet.
    runs : list of TrainingRun
        The manager's runs so far.
    unreadable : list of UnreadableRun
    """

    def __init__(
        self,
        autosave: Autosave,
        deferral: Callable[[ListedRun], Deferral],
        runs: Sequence[TrainingRun],
        unreadable: Sequence[UnreadableRun],
    ) -> None:
        self._autosave = autosave
        self._deferral = deferral
        self._runs = runs
        self._unreadable = unreadable
        self._changes = StoreChanges()

    def changes(self) -> StoreChanges:
        """Read the store's list, bring the runs up to date, and return what has changed."""
        known = {run.id: run for run in self._runs}
        # Asked first: a run saved between the two would be missing from the list and seem deleted.
        stored = {run.id for run in self._runs if self._autosave.has_stored(run)}
        for listed in self._autosave.listed():
            self._take_listed(listed, known.pop(listed.id, None))
        for run in known.values():
            if run.id in stored:
                self._autosave.forget(run)
                self._changes.deleted.append(run)
            else:
                self._keep_unsaved(run)
        return self._changes

    def _take_listed(self, listed: ListedRun, run: TrainingRun | None) -> None:
        """Take a run of the store's list, which may be known already."""
        changes = self._changes
        if run is None:
            run = self._run_of(listed)
            if isinstance(run, UnreadableRun):
                changes.unreadable.append(run)
                return
        elif self._catch_up(run, listed):
            changes.newer.append(run)
        if run.name != listed.name:
            run.take_name(listed.name)
            changes.renamed = True
        changes.runs.append(run)

    def _catch_up(self, run: TrainingRun, listed: ListedRun) -> bool:
        """Take what was saved elsewhere of a known run; tell whether there was anything."""
        if run.loaded:
            return self._autosave.catch_up(run, listed.saves)
        return run.list_again(listed)

    def _run_of(self, listed: ListedRun) -> TrainingRun | UnreadableRun:
        """Return a run of the store's list, to be loaded later."""
        for known in self._unreadable:
            if (known.id, known.saves) == (listed.id, listed.saves):
                return replace(known, name=listed.name)
        try:
            deferral = self._deferral(listed)
            return TrainingRun(listed.name, listed.config, listed.id, listed.parent, deferral)
        except Exception as error:  # whatever is wrong with it, the other runs are shown
            return unreadable_run(listed, listed.name, error)

    def _keep_unsaved(self, run: TrainingRun) -> None:
        """Keep a run that is not in the store, under another name if its own was taken there."""
        changes, stem = self._changes, self._autosave.stem(run)
        listed = {other.name for other in (*changes.runs, *changes.unreadable)}
        if stem is not None and run.name in listed:
            before = {other.name for other in (*self._runs, *self._unreadable)}
            run.take_name(free_name(stem, listed | before))
            changes.renamed = True
        changes.runs.insert(self._runs.index(run), run)
