"""The stores of commands: opened to look into them, or to keep something in them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import click

from ..runs.manager import TrainingRunManager
from ..storage.database import refuse_no_store


@contextmanager
def opened(store: str, user: str) -> Iterator[TrainingRunManager]:
    """Open a store that exists, and close it after the block.

    Raises
    ------
    SettingError
        If there is no such file.
    """
    refuse_no_store(store)
    with closing(TrainingRunManager(store, user)) as manager:
        yield manager


@contextmanager
def keeping(store: str, user: str) -> Iterator[TrainingRunManager]:
    """Open a store, which may be new, to keep something in it, and close it after the block.

    Raises
    ------
    ClickException
        If it cannot be written: before the block or, if not all is saved then, after it.
    """
    with closing(TrainingRunManager(store, user)) as manager:
        _refuse_problem(manager)
        yield manager
    _refuse_problem(manager)


def _refuse_problem(manager: TrainingRunManager) -> None:
    if manager.store_problem:
        raise click.ClickException(manager.store_problem)
