"""The settings of a process that serves pages, and of one that does not."""

import asyncio

import pytest
from bokeh.document import Document
from interpreters import said_by_fresh_interpreter
from panel.io.state import set_curdoc

from backprop_panel.views import serving
from backprop_panel.views.serving import prepare_page, prepare_server

HOST = """
import asyncio, gc, json, signal, sys, threading, warnings

# panel-material-ui gives its own buttons both the old and the new name of an option.
warnings.filterwarnings("ignore", "Both '.*' and", PendingDeprecationWarning)
sys.modules["torch"] = None  # importing it takes seconds; the batches are the same without

def settings():
    handlers = [asyncio.get_running_loop().get_exception_handler(), signal.getsignal(signal.SIGINT)]
    return [sys.getswitchinterval(), gc.get_freeze_count(), *map(id, handlers)]

async def host():
    before = settings()
    from backprop_panel.views import Workbench, prepare_server
    workbench = Workbench()
    workbench.__panel__().get_root()
    workbench.session.toggle_play()
    workbench.session.pause()
    await asyncio.sleep(0)
    embedded = settings()
    prepare_server()
    return before, embedded, settings()

def diverging():
    run = TrainingRunManager().create(learning_rate=1e30, optimizer="sgd", num_samples=64)
    thread = threading.Thread(target=run.trainer.run_epoch)
    thread.start()
    thread.join()
    run.trainer.run_epoch()
    return str(run.history["loss"][-1])

settings_in_turn = asyncio.run(host())

from backprop_panel import TrainingRunManager
print(json.dumps([settings_in_turn, diverging()]))
"""
"""What a process is before, with a workbench and as a server; and a loss that diverges in it."""


@pytest.fixture(scope="module")
def host():
    return said_by_fresh_interpreter(HOST)


def test_a_notebooks_process_is_left_as_it_was(host):
    before, embedded, served = host[0]
    assert embedded == before
    assert served[0] < before[0]
    assert served[1] > before[1]


def test_a_diverging_run_writes_no_warnings_into_the_log_of_a_server(host):
    assert host[1] == "nan"


def prepare(page):
    with set_curdoc(page):
        prepare_server()
    prepare_page(page)


def test_a_page_can_be_made_before_the_server_runs(monkeypatch):
    monkeypatch.setattr(serving, "_tune_interpreter", lambda: None)
    prepare(Document())


def logged_by_loop(*exceptions):
    """Return what still reaches an exception handler that was there before two pages."""
    logged = []

    async def live():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, context: logged.append(context["exception"]))
        for page in [Document(), Document()]:
            prepare(page)
            for callback in page.session_callbacks:
                callback.callback()
        for exception in exceptions:
            loop.call_exception_handler({"message": "", "exception": exception})

    asyncio.run(live())
    return logged


def test_only_closed_connections_are_not_logged(monkeypatch):
    monkeypatch.setattr(serving, "_tune_interpreter", lambda: None)
    failure = ValueError("a real one")
    assert logged_by_loop(serving.WebSocketClosedError(), failure) == [failure]
