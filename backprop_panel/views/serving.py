"""Settings of a server process that shows pages, and of a page in it."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import panel as pn
from bokeh.document import Document
from bokeh.settings import settings
from tornado import process
from tornado.websocket import WebSocketClosedError

from ..nn.network import NOT_FINITE
from .patches.odd_queries import tolerate_odd_queries
from .patches.page_threads import run_on_loop
from .patches.style_urls import serve_style_sheets

OBJECTS_BETWEEN_COLLECTIONS = 10_000
"""Objects that are made between two looks for garbage; Python 3.11 looks after 700."""

SWITCH_INTERVAL = 0.0002
"""Seconds after which a waiting thread gets the interpreter; Python's default is 0.005.

A frame goes to the browser in dozens of small writes, each of which may have to wait that long for
a thread that trains.
"""

NO_PAGE = "apps/main.py is a page and publishes nothing else: panel serve apps/main.py shows it."

SEVERAL_PROCESSES = (
    "panel serve --num-procs is not supported: requests of a page may reach a process that does "
    "not have it. Leave the option out: one process trains any number of runs, and several servers "
    "may share a store."
)


REUSED_SESSIONS = (
    "--workspace browser is not supported with panel serve --reuse-sessions, which shows the page "
    "of one browser to another. Leave one of them out."
)


def refusal(by_browser: bool = False) -> str:
    """Return, and log, why this process cannot show a page; empty if it can.

    With ``by_browser`` each browser has runs of its own, which no other may see.

    With ``--num-procs``, a process without the page receives requests for its scripts and styles,
    and SIGTERM leaves all processes but the first running. For a REST interface, Panel runs scripts
    without a page.
    """
    if pn.state.curdoc is None:
        reason = NO_PAGE
    elif process.task_id() is not None:
        reason = SEVERAL_PROCESSES
        serve_style_sheets(pn.state.curdoc)
    elif by_browser and pn.config.reuse_sessions:
        reason = REUSED_SESSIONS
        serve_style_sheets(pn.state.curdoc)
    else:
        return ""
    logging.getLogger(__name__).error(reason)
    return reason


def prepare_server() -> None:
    """Set up this process as a server of pages: the interpreter and the event loop.

    It is for the script of a page, in a process of its own. A notebook or an app that embeds a
    workbench works without it.
    """
    _tune_interpreter()
    tolerate_odd_queries()
    # A page that is made before the server starts, as by --warm, is never opened, and its callbacks
    # are not called.
    if pn.state.curdoc is not None:
        pn.state.curdoc.add_next_tick_callback(_prepare_loop)


def prepare_page(document: Document) -> None:
    """Apply the patches of a page's document."""
    run_on_loop(document)
    serve_style_sheets(document)


@cache
def _tune_interpreter() -> None:
    sys.setswitchinterval(min(SWITCH_INTERVAL, sys.getswitchinterval()))
    # The garbage collector then skips what was imported, and a page is made a third faster.
    gc.freeze()
    # A page is made of a hundred thousand objects that stay. Searching them for garbage as often as
    # usual takes a tenth of the time.
    if 0 < gc.get_threshold()[0] < OBJECTS_BETWEEN_COLLECTIONS:
        gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    # Bokeh would read the signature of each callback, of which a page has thousands.
    settings.perform_error_diagnostics = False
    # The page says where a run's numbers stop being finite, so that the log need not.
    warnings.filterwarnings("ignore", NOT_FINITE, RuntimeWarning)


def _prepare_loop() -> None:
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    if not (isinstance(before, partial) and before.func is _ignore_closed_pages):
        loop.set_exception_handler(partial(_ignore_closed_pages, before))
    _stop_between_callbacks(loop)


def _ignore_closed_pages(
    otherwise: Callable[[asyncio.AbstractEventLoop, dict[str, Any]], object] | None,
    loop: asyncio.AbstractEventLoop,
    context: dict[str, Any],
) -> None:
    """Log an exception, unless a page was closed while a frame was sent to it."""
    if isinstance(context.get("exception"), WebSocketClosedError):
        return
    if otherwise is None:
        loop.default_exception_handler(context)
    else:
        otherwise(loop, context)


def _stop_between_callbacks(loop: asyncio.AbstractEventLoop) -> None:
    """Let Ctrl-C stop the server between two callbacks, as SIGTERM does.

    Python's own handler interrupts the running callback, possibly a training step, and logs its
    traceback. A second Ctrl-C still does, and interrupts the final save.
    """

    def stop() -> None:
        """Stop the loop; a second Ctrl-C interrupts it."""
        loop.remove_signal_handler(signal.SIGINT)
        loop.stop()

    is_default = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    in_main_thread = threading.current_thread() is threading.main_thread()
    if is_default and in_main_thread and sys.platform != "win32":
        loop.add_signal_handler(signal.SIGINT, stop)
