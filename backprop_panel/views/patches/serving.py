"""What the pages need of the server that they are in."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial, wraps
from typing import Any, ClassVar
from weakref import WeakSet

import panel as pn
from bokeh.document import Document
from bokeh.server.connection import ServerConnection
from bokeh.settings import settings
from panel.io.resources import LOCAL_DIST
from tornado import process
from tornado.websocket import WebSocketClosedError

NO_PAGE = "apps/main.py is a page and publishes nothing else: panel serve apps/main.py shows it."

SEVERAL_PROCESSES = (
    "panel serve --num-procs is not supported: its processes answer for one another without "
    "knowing each other's pages. Start it without: one process trains any number of runs, and "
    "several servers may share a store."
)


def refusal() -> str:
    """Return, and log, why no page can be shown in this process; empty if one can.

    Where `panel serve` forks, a page's scripts and styles are asked of a process that may never
    have made a page and does not have them, and SIGTERM leaves all but the first process running.
    For a REST interface it runs scripts without a page.
    """
    if pn.state.curdoc is None:
        reason = NO_PAGE
    elif process.task_id() is not None:
        reason = SEVERAL_PROCESSES
        _take_styles_from_here(pn.state.curdoc)
    else:
        return ""
    logging.getLogger(__name__).error(reason)
    return reason


def end_connections_once() -> None:
    """Mend how Bokeh 3.9 takes the end of a connection that it is about to ping.

    It lets go of the connection at once, so that its page is not told of the loss, and fails when
    the end is told to all who need to know, as it is of every connection.
    """
    ping = ServerConnection.send_ping

    @wraps(ping)
    def send_ping(connection: ServerConnection) -> None:
        with suppress(WebSocketClosedError):
            ping(connection)

    ServerConnection.send_ping = send_ping


def settle_in(document: Document) -> None:
    """Prepare the server for a page.

    A page that is made before the server starts, as `--warm` does, leaves the loop alone: it is
    never opened, so that its callbacks are not called.
    """
    document.add_next_tick_callback(_settle_in_loop)
    LoopPool.serve(document)
    _take_styles_from_here(document)


def _take_styles_from_here(document: Document) -> None:
    """Have the page's style sheets asked of this server and of no other.

    Panel does that as it answers a request with the page itself. Where sessions are reused that is
    another page, and this one's style sheets would be asked of Panel's site.
    """
    if settings.resources(default="server") == "server":
        up = f"{pn.state.rel_path}/" if pn.state.rel_path else ""
        document.template_variables["dist_url"] = f"{up}{LOCAL_DIST}"


def _settle_in_loop() -> None:
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    if not (isinstance(before, partial) and before.func is _let_closed_pages_go):
        loop.set_exception_handler(partial(_let_closed_pages_go, before))
    _end_between_callbacks(loop)


def _let_closed_pages_go(
    otherwise: Callable[[asyncio.AbstractEventLoop, dict[str, Any]], object] | None,
    loop: asyncio.AbstractEventLoop,
    context: dict[str, Any],
) -> None:
    """Log what went wrong, unless a page was closed while a frame was on its way to it."""
    if isinstance(context.get("exception"), WebSocketClosedError):
        return
    if otherwise is None:
        loop.default_exception_handler(context)
    else:
        otherwise(loop, context)


def _end_between_callbacks(loop: asyncio.AbstractEventLoop) -> None:
    """Let Ctrl-C end the server between two callbacks, as SIGTERM does.

    By default it ends the one that runs in its midst, be it a step, and logs where that was. A
    second Ctrl-C still does: it ends what is saved as the server ends.
    """

    def end() -> None:
        loop.remove_signal_handler(signal.SIGINT)
        loop.stop()

    by_default = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    in_main_thread = threading.current_thread() is threading.main_thread()
    if by_default and in_main_thread and sys.platform != "win32":
        loop.add_signal_handler(signal.SIGINT, end)


class LoopPool(ThreadPoolExecutor):
    """The threads of ``--num-threads``, for all but the pages here.

    Whatever asks Panel's pool for a thread runs on the server's loop and has the lock of the page's
    document there. In a thread it has neither: two callbacks change the page's models at once, and
    what is sent refers to models that the browser was not told of. Pages here gain nothing by
    threads: runs are trained in threads of their own.
    """

    _pages: ClassVar[WeakSet[Document]] = WeakSet()

    @classmethod
    def serve(cls, page: Document) -> None:
        """Run what a page does on the loop, whether or not Panel has a pool of threads."""
        cls._pages.add(page)
        pool = pn.state._thread_pool
        if pool is not None and not isinstance(pool, cls):
            pn.state._thread_pool = cls(pool._max_workers)
            pool.shutdown(wait=False)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call `fn` in a thread; for a page, call it now."""
        if not any(page in self._pages for page in (pn.state.curdoc, *args) if _is_page(page)):
            return super().submit(fn, *args, **kwargs)
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def _is_page(argument: object) -> bool:
    return isinstance(argument, Document)
