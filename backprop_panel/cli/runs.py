"""``backprop-panel runs``: the runs of a store."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from ..interchange.run_bundle import export_run, read_run
from ..settings import SettingError
from .opened_stores import keeping, opened
from .options import (
    json_option,
    run_named,
    store_option,
    user_option,
    written,
)
from .training import numbers, status


def complete_run(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the names of runs that begin as typed."""
    values = {each.name: each.get_default(ctx) for each in ctx.command.params}
    store = ctx.params.get("store") or values.get("store")
    try:
        with opened(store, ctx.params.get("user") or "") as manager:
            names = [run.name for run in manager.runs]
    except SettingError:
        return []
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


run_argument = click.argument("run", metavar="RUN", shell_complete=complete_run)


@click.group()
def runs() -> None:
    """List, show, rename, delete, export and import runs, by their names or ids."""


@runs.command("list")
@store_option
@user_option
@json_option
def list_runs(store: str, user: str, as_json: bool) -> None:
    """List the runs of the store.

    With --json, "loss" is that of the batch of the last step. "best_loss" is the lowest validation
    loss ("best_of": "validation") or, without any, the lowest mean of the losses of 32 batches
    ("batches"), which a single batch may be below. A loss that is unknown or not finite is null.
    """
    with opened(store, user) as manager:
        for run in manager.runs:
            if as_json:
                click.echo(json.dumps(numbers(run)))
            else:
                click.echo(f"{run.name:<24} {status(run)}")
        for run in manager.unreadable:
            click.echo(f"{run.name:<24} cannot be read: {run.reason}", err=True)


@runs.command()
@run_argument
@store_option
@user_option
@json_option
def show(run: str, store: str, user: str, as_json: bool) -> None:
    """Show where a run is, and its settings."""
    with opened(store, user) as manager:
        found = run_named(manager, run)
        settings = found.settings
        if as_json:
            click.echo(json.dumps({**numbers(found), "settings": settings}))
            return
        click.echo(f"{found.name}: {status(found)}")
        for name, value in settings.items():
            click.echo(f"  {name:<24} {written(value)}")


@runs.command()
@run_argument
@click.argument("name")
@store_option
@user_option
def rename(run: str, name: str, store: str, user: str) -> None:
    """Give a run another NAME."""
    with opened(store, user) as manager:
        manager.rename(run_named(manager, run).id, name)


@runs.command()
@click.argument("names", metavar="RUN...", nargs=-1, required=True, shell_complete=complete_run)
@click.option("--yes", is_flag=True, help="Do not ask.")
@store_option
@user_option
def delete(names: tuple[str, ...], yes: bool, store: str, user: str) -> int:
    """Delete runs; it cannot be undone."""
    with opened(store, user) as manager:
        found = list(dict.fromkeys(run_named(manager, name) for name in names))
        asked = f"Delete {', '.join(run.name for run in found)}?"
        if not yes and sys.stdin is None:
            raise click.UsageError("Nobody can be asked, as the input is closed: give --yes.")
        if not (yes or click.confirm(asked, err=True)):
            click.echo("Nothing was deleted.", err=True)
            return 1
        for run in found:
            manager.delete(run.id)
    return 0


@runs.command()
@run_argument
@click.argument("target", type=click.Path(path_type=Path))
@store_option
@user_option
def export(run: str, target: Path, store: str, user: str) -> None:
    """Write a run to TARGET: a file that ends in .zip, or a new folder."""
    with opened(store, user) as manager:
        export_run(run_named(manager, run), target)


@runs.command("import")
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@store_option
@user_option
def import_(source: Path, store: str, user: str) -> None:
    """Add the run of a zip or a folder to the store."""
    with keeping(store, user) as manager:
        run, deviations = read_run(source)
        manager.add(run)
    for deviation in deviations:
        click.echo(f"Warning: {deviation}", err=True)
    click.echo(run.name)
