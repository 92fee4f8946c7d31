"""What the pages ask of the server that they are in."""

import asyncio
import threading

import panel as pn
import pytest
from bokeh.document import Document
from bokeh.server.connection import ServerConnection
from bokeh.server.session import ServerSession
from panel.io.state import set_curdoc
from tornado.websocket import WebSocketClosedError

from backprop_panel.views.patches.serving import LoopPool, settle_in


@pytest.fixture
def threads():
    """Panel's pool of threads, as `--num-threads` makes it."""
    pn.config.nthreads = 2
    yield
    pn.config.nthreads = None


def run_in_pool(*args):
    return pn.state._thread_pool.submit(lambda *args: threading.current_thread(), *args).result()


def test_a_page_is_not_run_in_the_threads_of_panel(threads):
    page = Document()
    LoopPool.serve(page)
    assert run_in_pool(page) is threading.current_thread()
    with set_curdoc(page):
        assert run_in_pool() is threading.current_thread()


def test_what_is_no_page_here_is_run_in_the_threads_of_panel(threads):
    LoopPool.serve(Document())
    assert run_in_pool() is not threading.current_thread()
    assert run_in_pool(Document()) is not threading.current_thread()


def test_what_fails_in_a_page_is_told_to_who_waits_for_it(threads):
    page = Document()
    LoopPool.serve(page)
    assert isinstance(pn.state._thread_pool.submit(lambda page: 1 / 0, page).exception(), Exception)


def test_a_page_can_be_made_before_the_server_runs():
    settle_in(Document())


def logged_by_loop(*exceptions):
    """What still reaches an exception handler that was there before two pages."""
    logged = []

    async def live():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, context: logged.append(context["exception"]))
        for page in [Document(), Document()]:
            settle_in(page)
            for callback in page.session_callbacks:
                callback.callback()
        for exception in exceptions:
            loop.call_exception_handler({"message": "", "exception": exception})

    asyncio.run(live())
    return logged


def test_only_closed_connections_are_not_logged():
    failure = ValueError("a real one")
    assert logged_by_loop(WebSocketClosedError(), failure) == [failure]


class ClosedSocket:
    def ping(self, data):
        raise WebSocketClosedError


def test_a_closed_connection_that_is_pinged_is_still_its_session_s():
    session = ServerSession("session", Document())
    connection = ServerConnection(None, ClosedSocket(), None, session)
    connection.send_ping()
    assert connection.session is session
