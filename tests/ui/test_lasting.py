"""Runs come back and train on after the end of a page or of the server."""

import os
import re
import signal

import pytest
from playwright.sync_api import expect
from stores import wait_until

from backprop_panel import TrainingRunManager
from tests.ui.browsing import expect_active, expect_step, fill, press, standing
from tests.ui.conftest import FIRST_LOAD, Server, expect_whole

SOME_STEPS = re.compile(r"^step [\d,]{3,} ")

# The page changes while its connection is made again: that is not sent, and no error.
KEEP_SOCKETS = """() => {
  window.sockets = []
  window.WebSocket = class extends WebSocket {
    constructor(...args) {
      super(...args)
      if (sockets.push(this) > 1) queueMicrotask(() => Bokeh.documents[0].set_title("changed"))
    }
  }
}"""


@pytest.fixture(scope="module")
def lasting(tmp_path_factory):
    """Serve one store to the tests that end pages only, one after the other."""
    folder = tmp_path_factory.mktemp("lasting")
    server = Server(folder / "server.log", store=folder / "runs.sqlite")
    server.wait_until_it_answers()
    yield server
    server.stop()
    assert "Traceback" not in server.log()


@pytest.fixture
def start(tmp_path):
    """Return a function that starts a server on one store, again and again."""
    servers = []

    def start():
        log = tmp_path / f"server {len(servers)}.log"
        servers.append(Server(log, store=tmp_path / "runs.sqlite"))
        servers[-1].wait_until_it_answers()
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def opened(browser, server):
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(server.url, timeout=FIRST_LOAD)
    expect_whole(page)
    page.wait_for_timeout(1000)
    return page


def play(page):
    """Press Play, and wait until some steps are shown."""
    press(page, "Play")
    expect_to_play(page)
    expect(page.locator(".bp-status")).to_have_text(SOME_STEPS)


def expect_to_play(page):
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    expect(page.get_by_text("is being trained in another window")).to_have_count(0)


def expect_open(server, connections):
    """Wait until the server knows that so many pages are open."""

    def known():
        log = server.log()
        opened, closed = (log.count(f"WebSocket connection {end}") for end in ("opened", "closed"))
        return opened - closed == connections

    wait_until(known)


def test_a_run_is_there_again_at_its_step_after_the_server_was_killed(browser, start):
    server = start()
    page = opened(browser, server)
    fill(page, "Run name", "lasting")
    press(page, "Rename")
    press(page, "Run Full Epoch")
    expect_step(page, 16, epoch=1)
    shown = page.locator(".bp-status").inner_text()
    page.wait_for_timeout(1500)
    os.killpg(server.process.pid, signal.SIGKILL)
    server.process.wait()
    page.close()
    page = opened(browser, start())
    expect(page.get_by_label("Active run", exact=True)).to_contain_text("lasting")
    assert page.locator(".bp-status").inner_text() == shown
    press(page, "Run Batch")
    expect_step(page, 17, epoch=1)
    page.close()


def test_a_second_window_watches_and_is_told_who_trains(browser, lasting):
    first = opened(browser, lasting)
    fill(first, "Run name", "shared")
    press(first, "Rename")
    expect_active(first, "shared")
    second = opened(browser, lasting)
    press(first, "Play")
    expect(second.locator(".bp-status")).to_have_text(re.compile(r"^step [\d,]{2,} "))
    press(second, "Run Batch")
    expect(second.get_by_text("is being trained in another window").first).to_be_visible()
    press(first, "Pause")
    first.close()
    second.close()


def test_a_run_that_played_in_a_closed_page_can_go_on_in_another(browser, lasting):
    first = opened(browser, lasting)
    play(first)
    second = opened(browser, lasting)
    first.close()
    expect_open(lasting, 1)
    press(second, "Play")
    expect_to_play(second)
    second.close()


def test_a_run_that_played_can_go_on_after_a_reload(browser, lasting):
    page = opened(browser, lasting)
    play(page)
    page.reload()
    expect_whole(page)
    expect_open(lasting, 1)
    expect(page.locator(".bp-status")).to_have_text(SOME_STEPS)
    press(page, "Play")
    expect_to_play(page)
    page.close()


def test_a_page_comes_back_after_its_connection_broke_down(browser, lasting):
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    errors = []
    page.on("pageerror", lambda error: errors.append(error))
    page.add_init_script(f"({KEEP_SOCKETS})()")
    page.goto(lasting.url, timeout=FIRST_LOAD)
    expect_whole(page)
    play(page)
    page.evaluate("sockets[0].close()")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    expect_whole(page)
    step, epoch, _ = standing(page)
    press(page, "Run Single Step")
    expect_step(page, step + 1, epoch)
    play(page)
    page.close()
    assert not errors
    assert "Warning" not in lasting.log()


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_a_server_that_is_ended_saves_all_that_was_shown(end, browser, start, tmp_path):
    server = start()
    page = opened(browser, server)
    play(page)
    assert server.stop(end) == 0
    shown, *_ = standing(page)
    page.close()
    manager = TrainingRunManager(tmp_path / "runs.sqlite")
    assert manager.current.trainer.step >= shown
    manager.close()
    assert "Traceback" not in server.log()


def test_a_link_makes_its_run_or_says_what_it_cannot_read(context, server):
    page = context.new_page()
    page.goto(f"{server.url}?hidden_dimension=16&loss_type=cross_entropy", timeout=FIRST_LOAD)
    expect(page.get_by_text("16×16").first).to_be_visible(timeout=FIRST_LOAD)
    page.goto(f"{server.url}?hiden_dimension=16", timeout=FIRST_LOAD)
    expect(page.get_by_text("Did you mean 'hidden_dimension'").first).to_be_visible(
        timeout=FIRST_LOAD
    )
