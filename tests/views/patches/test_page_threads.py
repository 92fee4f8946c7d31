"""Callbacks of the package's pages under Panel's pool of threads."""

import threading

import panel as pn
import pytest
from bokeh.document import Document
from panel.io.state import set_curdoc

from backprop_panel.views.patches.page_threads import run_on_loop


@pytest.fixture
def threads():
    """Panel's pool of threads, as `--num-threads` makes it."""
    pn.config.nthreads = 2
    yield
    pn.config.nthreads = None


def run_in_pool(*args):
    return pn.state._thread_pool.submit(lambda *args: threading.current_thread(), *args).result()


def test_a_pages_callback_runs_in_the_calling_thread(threads):
    page = Document()
    run_on_loop(page)
    assert run_in_pool(page) is threading.current_thread()
    with set_curdoc(page):
        assert run_in_pool() is threading.current_thread()


def test_other_documents_keep_the_threads_of_panel(threads):
    run_on_loop(Document())
    assert run_in_pool() is not threading.current_thread()
    assert run_in_pool(Document()) is not threading.current_thread()


def test_an_exception_in_a_page_reaches_the_future(threads):
    page = Document()
    run_on_loop(page)
    assert isinstance(pn.state._thread_pool.submit(lambda page: 1 / 0, page).exception(), Exception)
