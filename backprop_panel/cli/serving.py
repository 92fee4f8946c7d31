"""``backprop-panel serve``: the page, by Panel's own server."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

import click

from ..settings import SettingError
from .options import store_option

PACKAGE = Path(__file__).resolve().parents[1]
PAGES = (PACKAGE.parent / "apps" / "main.py", PACKAGE / "served_page.py")
"""The script of the page: in a source tree, and in an installed package."""


ONE_PROCESS = (
    "--num-procs is not supported: one process trains any number of runs, and several servers may "
    "share a store."
)


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--port", type=click.IntRange(0, 65535), default=7000, show_default=True)
@click.option(
    "--address",
    default="127.0.0.1",
    show_default=True,
    help="Only this machine reaches the page by default: whoever does can start training.",
)
@click.option(
    "--workspace", type=click.Choice(["browser"]), help="Every browser has runs of its own."
)
@store_option
@click.argument("panel_options", nargs=-1, type=click.UNPROCESSED)
def serve(
    port: int, address: str, workspace: str | None, store: str, panel_options: tuple[str, ...]
) -> None:
    """Serve the page; further options are those of `panel serve`, such as --show.

    With --store memory nothing is kept.
    """
    if any(option.partition("=")[0] == "--num-procs" for option in panel_options):
        raise click.UsageError(ONE_PROCESS)
    if find_spec("panel") is None:
        raise SettingError("panel", "The page needs Panel, which is not installed here.")
    page = next((page for page in PAGES if page.exists()), None)
    if page is None:
        raise SettingError("page", "The script of the page is missing: install the package again.")
    origins = [f"--allow-websocket-origin={host}:{port}" for host in ("localhost", "127.0.0.1")]
    own = ["--store", store, *(["--workspace", workspace] if workspace else [])]
    command = [sys.executable, "-m", "panel", "serve", str(page), "--port", str(port)]
    command += ["--address", address, *origins, *panel_options, "--args", *own]
    os.execv(sys.executable, command)
