"""The command ``backprop-panel``, and how it ends: an error is one line on stderr."""

from __future__ import annotations

import io
import signal
import sys
import warnings
from typing import Any, NoReturn

import click

from ..nn.network import NOT_FINITE
from ..settings import SettingError, shortened
from ..version import __version__
from .clean_ending import INTERRUPTED, imported

COMMANDS = {
    "serve": ("serving", "Serve the page."),
    "train": ("training", "Train a run, and keep it."),
    "sweep": ("sweeping", "Train every combination of some settings."),
    "runs": ("runs", "List, show, rename, delete, export and import runs."),
    "diagnose": (
        "diagnosing",
        "Tell what is wrong with a run: the exit status is 1.",
    ),
    "check": ("checking", "Tell whether a run's numbers are right: the exit status is 1 if not."),
    "store": ("store", "Look after the file of the runs."),
}
"""The module and the summary of each command, so that only the one in use is imported."""


class Commands(click.Group):
    """A group whose commands are imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by its name."""
        if cmd_name not in COMMANDS:
            return None
        module = imported(f".{COMMANDS[cmd_name][0]}", __package__)
        return getattr(module, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


def with_hyphens(name: str) -> str:
    """Let ``--learning_rate`` mean ``--learning-rate``."""
    return name.replace("_", "-")


@click.group(
    cls=Commands,
    epilog='Completion for bash: eval "$(_BACKPROP_PANEL_COMPLETE=bash_source backprop-panel)"; '
    "zsh_source and fish_source for the others.",
    context_settings={"token_normalize_func": with_hyphens, "help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, package_name="backprop_panel")
def cli() -> None:
    """Train, sweep and question a small network that is written by hand in NumPy."""


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line, and exit: 0 done, 1 something is wrong, 2 wrong usage, 130 Ctrl-C."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # neither closed nor replaced by the caller
            stream.reconfigure(errors="backslashreplace")  # a terminal may not know all letters
    status = status_of(arguments)
    if status == INTERRUPTED:
        # Another Ctrl-C would interrupt the end of Python itself, and print a traceback.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(status)


def status_of(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit status; an error is one line on stderr."""
    try:
        with warnings.catch_warnings():
            # The commands say where a run's numbers stop being finite.
            warnings.filterwarnings("ignore", NOT_FINITE, RuntimeWarning)
            warnings.showwarning = _show_warning
            result: Any = cli.main(arguments, prog_name="backprop-panel", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return 2
    except click.ClickException as error:
        return _failed(error.format_message(), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except SettingError as error:
        return _failed(str(error), 1)
    except BrokenPipeError:
        sys.stderr.close()  # the reader, such as head, has enough: Python would complain at its end
        return 0
    except OSError as error:
        return _failed(f"{error.strerror or error}: {error.filename or ''}".rstrip(": "), 1)
    except Exception as error:  # of this program, which is no reason for a traceback
        return _failed(f"{type(error).__name__}: {shortened(error)}", 1)


def _show_warning(message: Warning | str, *where: Any, **more: Any) -> None:
    """Write a warning as one line, without the line of code that it is about."""
    click.echo(f"Warning: {message}", err=True)


def _failed(message: str, status: int) -> int:
    click.echo(f"Error: {' '.join(message.split())}", err=True)
    return status
