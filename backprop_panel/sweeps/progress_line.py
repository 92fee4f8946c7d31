"""How far a sweep is, in one line: on a terminal, in a notebook, and nowhere else."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from .background import BackgroundTraining

SHOWN_SECONDS = 0.25


def show_until_end(
    sweep: BackgroundTraining, hidden: bool = False, on_look: Callable[[], None] = lambda: None
) -> None:
    """Show how far a sweep is, and the time left, until it ends.

    Parameters
    ----------
    sweep : BackgroundTraining
    hidden : bool
        Whether to wait without showing anything, as where stderr is no terminal.
    on_look : callable
        Called at every look.

    Raises
    ------
    SettingError
        As `Sweep.run`.
    """
    show = _nothing if hidden else _display_of_notebook()
    is_terminal = sys.stderr is not None and sys.stderr.isatty()
    bar = click.progressbar(
        length=1000,
        label=sweep.plan.name,
        hidden=hidden or not is_terminal,
        show_eta=False,  # of the sweep itself: the bar's own counts what was done before
        item_show_func=_time_left,
        update_min_steps=0,
        file=sys.stderr,
    )
    with bar:
        has_ended = False
        while not has_ended:
            has_ended = sweep.wait(SHOWN_SECONDS)
            bar.update(round(1000 * sweep.progress) - bar.pos, sweep)
            show(bar.format_progress_line().strip())
            on_look()


def _time_left(sweep: BackgroundTraining | None) -> str | None:
    if sweep is not None and sweep.awaits_workers:
        return "waiting for workers"
    if sweep is None or not sweep.begun:
        return "starting the workers"
    seconds = sweep.seconds_left
    return None if seconds is None else f"{timedelta(seconds=round(seconds))} left"


def _nothing(line: str) -> None:
    """Show nothing."""


def _display_of_notebook() -> Callable[[str], Any]:
    """Return what shows a line in the notebook that runs this, in place of the one before."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if not hasattr(shell, "kernel"):  # a terminal, or no IPython at all
        return _nothing
    from IPython.display import DisplayHandle

    handle, shown = DisplayHandle(), []

    def show(line: str) -> None:
        """Show a line in place of the one before."""
        draw = handle.update if shown else handle.display
        draw({"text/plain": line}, raw=True)
        shown[:] = [line]

    return show
