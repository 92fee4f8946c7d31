"""Runs that are listed from a store and loaded when they are first looked at."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from ..settings import SettingError, shown
from ..storage.autosave import Autosave
from ..storage.database import DamagedStore, StoreError
from ..storage.run_delta import Conflict
from ..storage.run_index import ListedRun
from ..storage.run_summary import RunSummary
from ..storage.unreadable_runs import UnreadableRun

if TYPE_CHECKING:
    from .run import TrainingRun


class Deferral:
    """The stored state of a run that has not been loaded yet.

    Parameters
    ----------
    listed : ListedRun
    store : callable
        Returns the manager's `Autosave`; None once the manager is closed.
    on_unreadable : callable
        Called with the run and the reason if it turns out to be unreadable.
    """

    def __init__(
        self,
        listed: ListedRun,
        store: Callable[[], Autosave | None],
        on_unreadable: Callable[[TrainingRun, UnreadableRun], None],
    ) -> None:
        self.listed = listed
        self._store = store
        self._on_unreadable = on_unreadable
        self._refusal = ""

    def with_entry(self, listed: ListedRun) -> Deferral:
        """Return the deferral of the same run by a newer entry of the list."""
        return Deferral(listed, self._store, self._on_unreadable)

    @cached_property
    def summary(self) -> RunSummary | None:
        """The run in numbers, if the store has them."""
        return self.listed.summary

    def read(self, run: TrainingRun, make: Callable[[], TrainingRun]) -> TrainingRun:
        """Return an object that `make` returns, in the stored state of `run`.

        Raises
        ------
        SettingError
            If the state could not be read the last time, or the store is closed.
        Exception
            If it cannot be read now: see `refusal`.
        """
        store = self._store()
        if self._refusal:
            raise SettingError("runs", self._refusal)
        if store is None:
            raise StoreError(f"{shown(run.name)} cannot be loaded: its store has been closed.")
        whole = make()
        store.load(run, whole.trainer)
        return whole

    def refusal(self, run: TrainingRun, error: Exception) -> SettingError:
        """Return the error to raise for one that `read` raised; report an unreadable run."""
        concerns_store = isinstance(error, StoreError) and not isinstance(error, DamagedStore)
        if concerns_store or self._refusal:
            return error
        if isinstance(error, Conflict):
            self._refusal = f"{shown(run.name)} cannot be loaded: {error}."
        else:
            unreadable = unreadable_run(self.listed, run.name, error)
            self._refusal = (
                f"{shown(run.name)} cannot be read: {unreadable.reason.removesuffix('.')}."
            )
            self._on_unreadable(run, unreadable)
        return SettingError("runs", self._refusal)


def unreadable_run(listed: ListedRun, name: str, error: Exception) -> UnreadableRun:
    """Return the entry of a run that cannot be read because of an error."""
    reason = error.reason if isinstance(error, DamagedStore) else str(error)
    if not isinstance(error, ValueError):  # of no class of this package
        reason = shown(error, 200)
    return UnreadableRun(listed.id, name, reason, listed.saves, listed.position)
