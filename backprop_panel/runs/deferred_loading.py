"""Deferred loading: a run is listed from a store, and read when it is first used."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, NoReturn

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
    """The entry of a run in a store's list, and the reading of its state.

    Parameters
    ----------
    listed : ListedRun
    autosave : callable
        Returns the manager's `Autosave`; None once the manager is closed.
    on_unreadable : callable
        Called with the run and an `UnreadableRun` if it cannot be read.
    """

    def __init__(
        self,
        listed: ListedRun,
        autosave: Callable[[], Autosave | None],
        on_unreadable: Callable[[TrainingRun, UnreadableRun], None],
    ) -> None:
        self.listed = listed
        self._autosave = autosave
        self._on_unreadable = on_unreadable
        self._refusal = ""

    def with_entry(self, listed: ListedRun) -> Deferral:
        """Return the deferral of the same run by a newer entry of the list."""
        return Deferral(listed, self._autosave, self._on_unreadable)

    @cached_property
    def summary(self) -> RunSummary | None:
        """The run in numbers, if the store has them."""
        return self.listed.summary

    def read(self, run: TrainingRun) -> TrainingRun:
        """Return a new object of the run in its stored state.

        Raises
        ------
        SettingError
            If it could not be read before, or the store is closed.
        Exception
            If it cannot be read now. The caller passes the error to `refuse`.
        """
        if self._refusal:
            raise SettingError("runs", self._refusal)
        autosave = self._autosave()
        if autosave is None:
            raise StoreError(f"{shown(run.name)} cannot be loaded: its store has been closed.")
        loaded = type(run)("loaded", run.config, run.id, run.parent)
        autosave.load(run, loaded.trainer)
        return loaded

    def refuse(self, run: TrainingRun, error: Exception) -> NoReturn:
        """Report a run that cannot be read because of an error, and refuse it from now on.

        Raises
        ------
        SettingError
            With the reason.
        StoreError
            The error itself, if it concerns the store and not the run.
        """
        concerns_store = isinstance(error, StoreError) and not isinstance(error, DamagedStore)
        if concerns_store or self._refusal:
            raise error
        if isinstance(error, Conflict):
            self._refusal = f"{shown(run.name)} cannot be loaded: {error}."
        else:
            unreadable = unreadable_run(self.listed, run.name, error)
            self._refusal = (
                f"{shown(run.name)} cannot be read: {unreadable.reason.removesuffix('.')}."
            )
            self._on_unreadable(run, unreadable)
        raise SettingError("runs", self._refusal) from error


def unreadable_run(listed: ListedRun, name: str, error: Exception) -> UnreadableRun:
    """Return the entry of a run that cannot be read because of an error."""
    reason = error.reason if isinstance(error, DamagedStore) else str(error)
    if not isinstance(error, ValueError):  # not an error of this package
        reason = shown(error, 200)
    return UnreadableRun(listed.id, name, reason, listed.saves, listed.position)
