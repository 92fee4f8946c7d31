"""``backprop-panel store``: the file of the runs."""

from __future__ import annotations

import click
from click.core import ParameterSource

from ..runs.manager import TrainingRunManager
from ..runs.replay import impossible_change
from ..settings import SettingError
from ..storage.database import Store
from ..storage.run_check import damaged_parts
from ..storage.run_index import list_owners
from ..sweeps.stored_sweeps import unreadable_sweeps
from .opened_stores import opened
from .options import store_option, user_option


@click.group()
def store() -> None:
    """Look after the file of the runs."""


@store.command()
@store_option
@user_option
def check(store: str, user: str) -> int:
    """Read everything in the store; the exit status is 1 if something is damaged.

    Everything: the runs and sweeps of all owners, or of the one that --user names.
    """
    source = click.get_current_context().get_parameter_source("user")
    with opened(store, user) as manager:
        problems = file_problems(manager)
        owners = [user] if source is not ParameterSource.DEFAULT else owners_in(manager.store)
    count = 0
    for owner in owners:
        with opened(store, owner) as manager:
            count += len(manager.runs)
            whose = f"{owner}: " if owner and len(owners) > 1 else ""
            problems += [f"{whose}{problem}" for problem in problems_of(manager)]
    for problem in dict.fromkeys(problems):
        click.echo(problem, err=True)
    if not problems:
        click.echo(f"{store}: {count} run{'s' if count != 1 else ''}, all can be read.")
    return int(bool(problems))


def owners_in(store: Store) -> list[str]:
    """Return the owners of the runs of a store, in the order in which they came."""
    with store.transaction(writing=False) as db:
        return list_owners(db)


def problems_of(manager: TrainingRunManager) -> list[str]:
    """Return what is damaged of the runs and sweeps of one owner."""
    problems = []
    for run in manager.runs:
        try:
            run.load()
        except SettingError as error:
            problems.append(str(error))
            continue
        with manager.store.transaction(writing=False) as db:
            parts = damaged_parts(db, run.id, run.model.network.depth)
        problems += [f"{run.name}: {part}." for part in parts]
        if impossible := impossible_change(run):
            problems.append(f"{run.name}: {impossible}")
    problems += [f"{run.name}: {run.reason}" for run in manager.unreadable]
    return problems + unreadable_sweeps(manager.store, manager.user)


def file_problems(manager: TrainingRunManager) -> list[str]:
    """Return what SQLite finds wrong with the file."""
    with manager.store.transaction(writing=False) as db:
        found = [row[0] for row in db.execute("PRAGMA integrity_check")]
        found += [
            f"a row of {row[0]} refers to none" for row in db.execute("PRAGMA foreign_key_check")
        ]
    return [problem for problem in found if problem != "ok"]
