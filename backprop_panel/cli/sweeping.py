"""``backprop-panel sweep``: many runs, on this machine's cores or on a cluster."""

from __future__ import annotations

import json
import math
import re
import shlex
from contextlib import closing
from dataclasses import asdict
from functools import partial
from typing import Any

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from ..interchange.config_validation import SETTINGS
from ..runs.manager import TrainingRunManager
from ..settings import SettingError
from ..storage.database import refuse_no_store
from ..sweeps.checking import NOT_VARIED
from ..sweeps.plan import OBJECTIVES
from ..sweeps.progress_line import show_until_end
from ..sweeps.sweep import Sweep
from ..sweeps.trial import FAILED, FINISHED, RUNNING, WAITING, Trial
from .clean_ending import INTERRUPTED, interrupted_once
from .options import (
    DEFAULT_EPOCHS,
    PAGE_DEFAULTS,
    checked_value,
    config_option,
    given_settings,
    json_option,
    setting_options,
    steps_or_epochs,
    store_option,
    user_option,
    written,
)

COMPARED_BY = {"loss": "mean loss of their last 32 steps", "validation_loss": "validation loss"}
"""By what the runs are compared, in words."""

STOPPING = "Stopping the workers: some seconds."


class Varied(click.ParamType):
    """A setting and its values: ``learning_rate=0.01,0.1``; lists in brackets or between ``;``."""

    name = "SETTING=VALUES"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, list[Any]]:
        """Return the name and the values."""
        if isinstance(value, tuple):
            return value
        name, is_given, values = str(value).partition("=")
        name = name.strip().replace("-", "_")
        try:
            if not is_given:
                raise SettingError(name, f"{value!r} is not of the form SETTING=VALUE,VALUE.")
            return name, [checked_value(name, one) for one in _parted(values)]
        except SettingError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(self, ctx: Any, param: Any, incomplete: str) -> list[CompletionItem]:
        """Return the settings that begin as typed."""
        names = [name for name in SETTINGS if name not in NOT_VARIED]
        return [CompletionItem(f"{name}=") for name in names if name.startswith(incomplete)]


def _parted(values: str) -> list[str]:
    """Return the texts between the semicolons; without any, between the commas outside brackets."""
    if ";" in values:
        parts = values.split(";")
    elif lists := _json_lists(values):
        parts = [json.dumps(each) for each in lists]
    else:
        parts = re.split(r",(?![^\[(]*[\])])", values)
    return [part.strip() if "[" in part else part for part in parts]


def _json_lists(values: str) -> list[Any]:
    """Return the values if lists are among them: between commas, or in a list of their own."""
    try:
        found = json.loads(f"[{values}]")
    except (ValueError, RecursionError):
        return []
    if len(found) == 1 and isinstance(found[0], list):
        (inner,) = found
        found = inner if any(isinstance(each, list) for each in inner) else found
    return found if any(isinstance(each, list) for each in found) else []


class Ranged(Varied):
    """A setting and its range: ``learning_rate=0.0001:1``, or a list to choose from."""

    name = "SETTING=LOW:HIGH"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, Any]:
        """Return the name, and a pair or a list."""
        name, _, values = str(value).partition("=")
        low, is_range, high = values.partition(":")
        if isinstance(value, tuple) or not is_range:
            return super().convert(value, param, ctx)
        name = name.strip().replace("-", "_")
        try:
            return name, (checked_value(name, low), checked_value(name, high))
        except SettingError as error:
            self.fail(str(error), param, ctx)


def _named(ctx: click.Context, option: click.Parameter, name: str | None) -> str | None:
    """Refuse an option in place of a name."""
    if name is not None and name.startswith("--"):
        raise click.BadParameter(f"the name of a sweep comes after it, got {name}.", ctx, option)
    return name


def _joined(
    ctx: click.Context, option: click.Parameter, grid: tuple[tuple[str, list[Any]], ...]
) -> dict[str, list[Any]]:
    """Return the values of each setting, which may be given in several parts."""
    joined: dict[str, list[Any]] = {}
    for name, values in grid:
        joined.setdefault(name, []).extend(values)
    return joined


def _once_each(
    ctx: click.Context, option: click.Parameter, ranges: tuple[tuple[str, Any], ...]
) -> dict[str, Any]:
    """Return the range of each setting; refuse two of one."""
    names = [name for name, _ in ranges]
    for name in names:
        if names.count(name) > 1:
            raise click.BadParameter(f"{name} has one range, got two.", ctx, option)
    return dict(ranges)


@click.command()
@config_option
@click.option(
    "--grid",
    type=Varied(),
    multiple=True,
    callback=_joined,
    help="Every combination is trained; lists as in hidden_dimension=[8,8],[16]. Repeat.",
)
@click.option(
    "--range",
    "ranges",
    type=Ranged(),
    multiple=True,
    callback=_once_each,
    help="Sampled, not a grid. Repeat.",
)
@click.option("--samples", type=click.IntRange(1), help="How many are sampled from the ranges.")
@click.option(
    "--sampler", default="random", show_default=True, help="Or one of Optuna: TPESampler."
)
@click.option("--seeds", type=click.IntRange(1), default=1, show_default=True, help="Runs of each.")
@click.option(
    "--epochs", type=click.IntRange(1), help=f"Passes over the data. [default {DEFAULT_EPOCHS}]"
)
@click.option("--steps", type=click.IntRange(1), help="Updates, in place of epochs.")
@click.option("--halving", type=click.IntRange(2), help="One in so many runs goes on: ASHA.")
@click.option(
    "--name", default="sweep", show_default=True, help="The beginning of the runs' names."
)
@click.option(
    "--objective", type=click.Choice(OBJECTIVES), default="loss", help="By which runs are compared."
)
@click.option("--scheduler", help="A Dask scheduler, such as tcp://10.0.0.5:8786.")
@click.option("--workers", type=click.IntRange(1), help="Processes here; one a core by default.")
@click.option("--resume", metavar="NAME", callback=_named, help="Go on with a sweep of the store.")
@store_option
@user_option
@json_option
@setting_options
def sweep(
    scheduler: str | None,
    workers: int | None,
    resume: str | None,
    store: str,
    user: str,
    as_json: bool,
    **options: Any,
) -> int:
    """Train every combination of the values of some settings, each with several seeds.

    Ctrl-C keeps what is done; --resume does the rest.
    """
    if resume:
        _refuse_another_plan(options)
        refuse_no_store(store)
    words = "" if as_json else STOPPING
    with interrupted_once(words), closing(TrainingRunManager(store, user)) as manager:
        made = Sweep.load(resume, manager=manager) if resume else _made(manager, options)
        if not as_json:
            click.echo(_extent(made), err=True)
        interrupted = _run(made, scheduler or workers, as_json)
        _tell_end(made, as_json)
    if interrupted:
        click.echo(f"Interrupted: {_resuming(made.plan.name)} does the rest.", err=True)
        return INTERRUPTED
    return int(made.counts[FAILED] > 0)


def _refuse_another_plan(options: dict[str, Any]) -> None:
    """Refuse settings beside --resume: a sweep keeps the plan with which it was made."""
    context = click.get_current_context()
    sources = {name: context.get_parameter_source(name) for name in options}
    given = [name for name, source in sources.items() if source is not ParameterSource.DEFAULT]
    if given:
        named = ", ".join(
            option.opts[0] for option in context.command.params if option.name in given
        )
        raise click.UsageError(
            f"--resume goes on with a sweep as it was planned: leave out {named}, or begin "
            "another sweep."
        )


def _resuming(name: str) -> str:
    """Return the command that goes on with a sweep of this store."""
    context = click.get_current_context()
    command = ["backprop-panel", "sweep", "--resume", name]
    for option in ("store", "user"):
        if context.get_parameter_source(option) is ParameterSource.COMMANDLINE:
            command += [f"--{option}", context.params[option]]
    return shlex.join(command)


def _made(manager: TrainingRunManager, options: dict[str, Any]) -> Sweep:
    _refuse_fixed_and_varied(options)
    names = ("samples", "sampler", "seeds", "halving", "objective", "name")
    return Sweep(
        {**PAGE_DEFAULTS, **given_settings(options)},
        manager=manager,
        grid=options["grid"],
        ranges=options["ranges"],
        budget=steps_or_epochs(options["epochs"], options["steps"]),
        **{name: options[name] for name in names},
    )


def _refuse_fixed_and_varied(options: dict[str, Any]) -> None:
    """Refuse a setting that is given a value and varies; what varies may replace a file's value."""
    source = click.get_current_context().get_parameter_source
    for option, written_as in (("grid", "--grid"), ("ranges", "--range")):
        for name in options[option]:
            if source(name) in (ParameterSource.COMMANDLINE, source(option)):
                raise click.UsageError(
                    f"{name} is given by {written_as} and by --{name.replace('_', '-')}: leave out "
                    "one of them."
                )


def _extent(made: Sweep) -> str:
    runs, unit = made.plan.runs, made.plan.unit
    unit = unit if made.plan.amount > 1 else unit.removesuffix("s")
    return f"{runs} run{'s' * (runs > 1)} of {made.plan.amount} {unit}."


def _run(made: Sweep, client: str | int | None, as_json: bool) -> bool:
    """Run a sweep and show it; tell whether Ctrl-C ended it."""
    told: set[int] = set()
    tell_ended = partial(_tell_ended, made, told) if as_json else lambda: None
    try:
        made.start(client)
        show_until_end(made, hidden=as_json, on_look=tell_ended)
        return False
    except KeyboardInterrupt:
        if not as_json:
            click.echo(STOPPING, err=True)
        made.pause()
        return True
    finally:
        tell_ended()


def _tell_ended(made: Sweep, told: set[int]) -> None:
    """Write a line for each run that has ended since the last call."""
    for trial in sorted(made.begun, key=lambda each: each.number):
        if trial.number not in told and trial.status not in (WAITING, RUNNING):
            told.add(trial.number)
            click.echo(json.dumps(_entry(made, trial)))


def _entry(made: Sweep, trial: Trial) -> dict[str, Any]:
    losses = asdict(trial.score)
    return {
        "name": trial.name,
        "id": trial.run_id,
        "settings": trial.settings,
        "status": trial.status,
        "reason": trial.reason,
        "step": trial.step,
        **{name: loss if math.isfinite(loss) else None for name, loss in losses.items()},
    }


def _tell_end(made: Sweep, as_json: bool) -> None:
    for notice in made.notices:
        click.echo(f"Warning: {notice}", err=True)
    counts = ", ".join(f"{count} {state}" for state, count in made.counts.items() if count)
    if as_json:
        return
    best = made.best()
    by = COMPARED_BY[made.plan.objective]
    click.echo(f"{counts}; the best by the {by}:" if best else f"{counts}; none has a finite {by}.")
    for trial in best:
        click.echo(f"  {_line(made, trial)}")
    for trial in made.begun:
        if trial.status == FAILED:
            click.echo(f"  failed: {trial.name}: {trial.reason}", err=True)


def _line(made: Sweep, trial: Trial) -> str:
    """Return the losses of a run, its name, its settings, and how far it is if that is not all."""
    losses = {name: getattr(trial.score, name) for name in OBJECTIVES}
    known = [f"{name} {loss:.4g}" for name, loss in losses.items() if math.isfinite(loss)]
    settings = ", ".join(f"{name}={written(trial.settings[name])}" for name in made.plan.varied)
    rest = "" if trial.status == FINISHED else f"({trial.status} at step {trial.step:,})"
    parts = [", ".join(known), trial.name, settings, rest]
    return "  ".join(filter(None, parts))
