"""Options that are made from the Params of settings: their names, bounds and docs."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem
from platformdirs import user_data_path

from ..interchange.config_validation import SETTINGS
from ..interchange.url_query import read_setting
from ..nn.activations import ACTIVATIONS
from ..plain_values import is_whole
from ..runs.manager import TrainingRunManager
from ..settings import Choice, Count, Quantity, SettingError, refuse_unknown, shortened, shown
from ..sweeps.checking import refuse_out_of_bounds

Command = TypeVar("Command", bound=Callable[..., Any])

PAGE_DEFAULTS = {"learning_rate": 0.01, "loss_type": "cross_entropy", "optimizer": "adam"}
"""The defaults of the page's first run, which `train` and `sweep` share."""

DEFAULT_EPOCHS = 50
"""How long `train` and `sweep` train a run, unless that is said."""

TOKENS = ("boundary", "unknown")
"""Settings that are a single token."""

NONE = "None"
"""What leaves out a setting that can be left out; a token of that name is written '"None"'."""


class SettingType(click.ParamType):
    """The value of a setting, written as in a link, and checked by its Param."""

    def __init__(self, setting: str) -> None:
        self.setting = self.name = setting

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Return what the value looks like."""
        return metavar(self.setting)

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return a text as a value of the setting."""
        try:
            return checked_value(self.setting, value)
        except SettingError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(self, ctx: Any, param: Any, incomplete: str) -> list[CompletionItem]:
        """Return the values of a choice that begin as typed."""
        return [
            CompletionItem(name) for name in choices(self.setting) if name.startswith(incomplete)
        ]


def checked_value(setting: str, value: Any) -> Any:
    """Return the value of a setting, or the one that a text stands for.

    Raises
    ------
    SettingError
    """
    if value == NONE and SETTINGS[setting].allow_None:
        return None
    value = read_setting(setting, value)
    refuse_out_of_bounds({setting: value})
    return value


def choices(setting: str) -> list[str]:
    """Return the names that a setting takes; none if it takes numbers or lists."""
    declared = SETTINGS[setting]
    if isinstance(declared, Choice):
        return [name for name in declared.objects if name is not None]
    return list(ACTIVATIONS) if setting == "activation" else []


def metavar(setting: str) -> str:
    """Return what the value of a setting looks like on the command line."""
    declared = SETTINGS[setting]
    if setting in TOKENS:
        return "TOKEN"
    if isinstance(declared, Choice):
        return "NAME"
    if isinstance(declared, Count):
        return "N"
    return "X" if isinstance(declared, Quantity) else "VALUE[,VALUE...]"


def help_of(setting: str) -> str:
    """Return the doc of a setting with its bounds and its default."""
    declared = SETTINGS[setting]
    bounds = declared.allowed() if isinstance(declared, (Count, Quantity)) else ""
    named = choices(setting) if isinstance(declared, Choice) else []
    default = PAGE_DEFAULTS.get(setting, declared.default)
    facts = [
        bounds or ", ".join(named),
        f"default {written(default)}" if default is not None else "",
    ]
    return f"{declared.doc} [{'; '.join(filter(None, facts))}]"


def written(value: Any) -> str:
    """Return a value as the command line takes it."""
    return ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def setting_options(command: Command) -> Command:
    """Add an option for each setting of a run."""
    for setting in reversed([name for name in SETTINGS if name != "mode"]):
        option = click.option(
            f"--{setting.replace('_', '-')}",
            setting,
            type=SettingType(setting),
            help=help_of(setting),
        )
        command = option(command)
    return command


def given_settings(options: dict[str, Any]) -> dict[str, Any]:
    """Return the settings among the options that were given; None may have been."""
    source = click.get_current_context().get_parameter_source
    given = {
        name: options[name]
        for name in SETTINGS
        if name in options and source(name) is not ParameterSource.DEFAULT
    }
    return _with_masters_apart(given)


def _with_masters_apart(settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings in which commas part explicit masters, unless a comma is a token.

    One line of text with commas would be refused unless they are in the vocabulary, or a token
    stands for what is unknown.
    """
    masters = settings.get("master_sequences")
    tokens = settings.get("vocabulary", SETTINGS["vocabulary"].default)
    may_be_tokens = "," in tokens or settings.get("unknown") is not None
    if may_be_tokens or not isinstance(masters, str) or "," not in masters or "\n" in masters:
        return settings
    return {**settings, "master_sequences": masters.split(",")}


def _read_config(ctx: click.Context, option: click.Parameter, path: Path | None) -> Path | None:
    """Take the options that a TOML file gives; those of the command line come before them."""
    if path is None:
        return None
    try:
        # Some editors begin a file with a byte order mark.
        given = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise click.BadParameter(f"{path} cannot be read: {shortened(error)}") from None
    except RecursionError:
        raise click.BadParameter(f"{path} cannot be read: its lists are nested too deep.") from None
    known = {
        each.opts[0].removeprefix("--").replace("-", "_"): each
        for each in ctx.command.params
        if each.name != "config"
    }
    try:
        refuse_unknown(given, known)
        for name, value in given.items():
            _refuse_other_kind(name, known[name], value)
    except SettingError as error:
        raise click.BadParameter(f"{path}: {error}") from None
    options = {known[name].name: value for name, value in given.items()}
    ctx.default_map = {**(ctx.default_map or {}), **options}
    return path


def steps_or_epochs(epochs: int | None, steps: int | None) -> dict[str, int]:
    """Return how long a command trains: ``{"steps": n}`` or ``{"epochs": n}``.

    What the command line says comes before what a file says.

    Raises
    ------
    click.UsageError
        If one of these says both.
    """
    source = click.get_current_context().get_parameter_source
    if not steps:
        return {"epochs": epochs or DEFAULT_EPOCHS}
    if epochs and source("steps") is source("epochs"):
        raise click.UsageError("Give either --epochs or --steps.")
    is_in_file = source("steps") is ParameterSource.DEFAULT_MAP
    return {"epochs": epochs} if epochs and is_in_file else {"steps": steps}


def _refuse_other_kind(name: str, option: click.Parameter, value: Any) -> None:
    """Refuse a value of a file that click would convert, such as 1.9 to 1."""
    if isinstance(option.type, SettingType):  # it is checked as a setting
        return
    if isinstance(option.type, click.IntRange):
        kind, fits = "a whole number", is_whole(value)
    elif option.is_flag:
        kind, fits = "true or false", isinstance(value, bool)
    elif option.multiple:
        is_list = isinstance(value, list)
        kind, fits = "a list of texts", is_list and all(isinstance(each, str) for each in value)
    else:
        kind, fits = "a text", isinstance(value, str)
    if not fits:
        raise SettingError(name, f"{name} must be {kind}, got {shown(value)}.")


config_option = click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    callback=_read_config,
    is_eager=True,
    expose_value=False,
    help="A TOML file with these options, such as learning_rate = 0.01.",
)

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")


@cache
def default_store() -> Path:
    """Return the file in which the page keeps its runs."""
    return user_data_path("backprop_panel") / "runs.sqlite"


def _refuse_memory(ctx: click.Context, parameter: click.Parameter, store: str) -> str:
    """Let only the page keep its runs in memory: those of a command would end with it."""
    if store == "memory" and ctx.command.name != "serve":
        raise click.BadParameter(
            "memory would keep nothing: a command's runs need a file, such as ./memory."
        )
    return store


store_option = click.option(
    "--store",
    type=click.Path(dir_okay=False),
    callback=_refuse_memory,
    envvar="BACKPROP_PANEL_STORE",
    default=lambda: str(default_store()),
    show_default="the page's",
    help="The file that keeps the runs.",
)

user_option = click.option(
    "--user", default="", help="The owner of the runs, on a page with login."
)


def run_named(manager: TrainingRunManager, which: str) -> Any:
    """Return the run of a name, or of an id or its beginning.

    Raises
    ------
    SettingError
        If there is none.
    """
    for run in manager.runs:
        if run.name == which:
            return run
    found = [run for run in manager.runs if run.id.startswith(which)]
    if len(found) == 1 and which:
        return found[0]
    raise SettingError("run", no_run(which, (run.name for run in manager.runs)))


def no_run(which: str, names: Iterable[str]) -> str:
    """Return the message that there is no such run, with the nearest name."""
    from ..settings import did_you_mean, shown

    return f"There is no run {shown(which)}.{did_you_mean(which, names)}"
