"""The choice of the current run: only a run that can be read becomes current."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..settings import SettingError
from ..storage.database import StoreError
from .run import TrainingRun


def can_load(run: TrainingRun) -> bool:
    """Load a run unless it is loaded; tell whether that succeeds."""
    try:
        run.load()
    except SettingError:
        return False
    return True


def first_readable(runs: Iterable[TrainingRun]) -> TrainingRun | None:
    """Return the first run that can be loaded, None if there is none.

    Raises
    ------
    StoreError
        If the store fails, which says nothing of the run.
    """
    for run in runs:
        try:
            run.load()
        except StoreError:
            raise
        except SettingError:
            continue
        return run
    return None


def successor(
    gone: TrainingRun, order: Sequence[TrainingRun], remaining: Sequence[TrainingRun]
) -> TrainingRun | None:
    """Return the run that becomes current in place of one that is gone.

    It is the nearest readable run before it in `order`, or else the first of the `remaining`.
    """
    before = [run for run in order[: order.index(gone)] if run in remaining]
    return first_readable([*reversed(before), *remaining])
