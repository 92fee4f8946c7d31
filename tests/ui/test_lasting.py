"""Runs come back and train on after the end of a page or of the server, which the page tells."""

import re
import signal
import sqlite3
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect
from stores import wait_until

from backprop_panel import TrainingRunManager
from tests.ui.browsing import (
    expect_active,
    expect_drawn,
    expect_step,
    fill,
    pause,
    press,
    show_tab,
    standing,
)
from tests.ui.conftest import (
    FIRST_LOAD,
    Server,
    Watch,
    expect_ready,
    expect_whole,
    new_context,
    new_page,
)

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

IS_COVERED = """(button) => {
  const {x, y, width, height} = button.getBoundingClientRect()
  const seen = document.elementFromPoint(x + width / 2, y + height / 2)
  return seen.closest("dialog") != null
}"""

# Not each step is measured, and the last one need not be.
MEASURED = """(step) => [...Bokeh.index.query(({model}) => model.name === "gradient_norm")]
  .some(({model}) => model.renderers.some(({data_source}) =>
    data_source.data.xs?.length === 3
      && data_source.data.xs.every((xs) => xs.length > 1 && xs.at(-1) <= step)))"""

STORED_STEP = """SELECT json_extract(meta, '$.step') FROM states JOIN runs ON runs.id = states.run
WHERE runs.name = ?"""


class Lasting:
    """A store, the server that has it, and windows on it; they stay from test to test.

    The pages of a server are unknown to the next one, as they are after a while to any.
    """

    def __init__(self, browser, folder):
        self.store = folder / "runs.sqlite"
        self.folder, self.servers, self.windows = folder, [], []
        self.context = new_context(browser)
        self.context.add_init_script(f"({KEEP_SOCKETS})()")

    @property
    def server(self):
        """The server that was started last; the first one is started when it is asked for."""
        return self.servers[-1] if self.servers else self._start()

    def _start(self, port=None):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("BOKEH_SECRET_KEY", f"key {len(self.servers):032}")
            log = self.folder / f"server {len(self.servers)}.log"
            options = ["--session-ids", "signed"]
            self.servers.append(Server(log, store=self.store, options=options, port=port))
        self.servers[-1].wait_until_it_listens()
        return self.servers[-1]

    def open(self, count):
        """Return so many open windows, in which nothing plays; a server that ended is replaced."""
        for page in self.windows[count:]:
            self.close(page)
        if self.server.process.poll() is not None:
            self._start(self.server.port)
            for page in self.windows:
                reload(page)
            self.server.new_log()  # the pages of the server before ask no more
        for page in self.windows:
            pause(page)
        while len(self.windows) < count:
            if self.windows:
                train(self.windows[0])
            self.windows.append(new_page(self.context))
            self.windows[-1].goto(self.server.url, timeout=FIRST_LOAD)
            expect_ready(self.windows[-1])
        return list(self.windows)

    def close(self, page):
        """Close a window."""
        self.windows.remove(page)
        page.close()

    def end(self):
        """Close all windows and end the server."""
        self.context.close()
        for server in self.servers:
            server.stop()
            assert "Traceback" not in server.new_log()

    def stored_step(self, name):
        """Return the step at which the file has a run."""
        with closing(sqlite3.connect(self.store)) as db:
            found = db.execute(STORED_STEP, (name,)).fetchone()
        return found and found[0]


@pytest.fixture(scope="module")
def lasting(browser, tmp_path_factory):
    lasting = Lasting(browser, tmp_path_factory.mktemp("lasting"))
    yield lasting
    lasting.end()


def train(page):
    """Make a step, which stores the run: an untrained one is in no other window."""
    before = page.locator(".bp-status").inner_text()
    press(page, "Run Batch")
    expect(page.locator(".bp-status")).not_to_have_text(before)


def play(page):
    """Press Play, and wait until some steps more are shown."""
    before = page.locator(".bp-status").inner_text()
    press(page, "Play")
    expect_to_play(page)
    expect(page.locator(".bp-status")).not_to_have_text(before)
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


def test_a_second_window_watches_and_is_told_who_trains(lasting):
    (first,) = lasting.open(1)
    fill(first, "Run name", "shared")
    press(first, "Rename")
    expect_active(first, "shared")
    first, second = lasting.open(2)
    before = second.locator(".bp-status").inner_text()
    press(first, "Play")
    expect(second.locator(".bp-status")).not_to_have_text(before)
    expect(second.locator(".bp-status")).to_have_text(re.compile(r"^step [\d,]{2,} "))
    press(second, "Run Batch")
    expect(second.get_by_text("is being trained in another window").first).to_be_visible()


def test_a_run_that_played_in_a_closed_page_can_go_on_in_another(lasting):
    first, second = lasting.open(2)
    play(first)
    lasting.close(first)
    expect_open(lasting.server, 1)
    press(second, "Play")
    expect_to_play(second)


def test_a_run_that_played_can_go_on_after_a_reload(lasting):
    (page,) = lasting.open(1)
    play(page)
    page.reload()
    expect_whole(page)
    expect_open(lasting.server, 1)
    expect(page.locator(".bp-status")).to_have_text(SOME_STEPS)
    press(page, "Play")
    expect_to_play(page)


def test_a_page_comes_back_after_its_connection_broke_down(lasting):
    (page,) = lasting.open(1)
    watch = Watch(lasting.context, urlsplit(lasting.server.url).netloc)
    play(page)
    page.evaluate("sockets[0].close()")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    expect_whole(page)
    step, epoch, _ = standing(page)
    press(page, "Run Single Step")
    expect_step(page, step + 1, epoch)
    play(page)
    watch.stop()
    assert not watch.errors
    assert "Warning" not in lasting.server.log()


def test_health_of_steps_that_were_trained_before_is_there_after_a_reload(lasting):
    (page,) = lasting.open(1)
    for _ in range(3):
        train(page)
    step = standing(page)[0]
    page.reload()
    expect_whole(page)
    expect_drawn(page)
    show_tab(page, "Health")
    expect(page.get_by_text(re.compile(r"measured at .* of the steps 1 to "))).to_be_visible()
    page.wait_for_function(MEASURED, arg=step)
    show_tab(page, "Network")


def lost_notice(page):
    return page.locator("dialog.bp-lost-connection")


def expect_lost(page):
    """Wait until a page says that its server is gone, in front of all else."""
    expect(lost_notice(page)).to_contain_text("The server is gone")
    assert page.get_by_role("button", name="Run Batch", exact=True).evaluate(IS_COVERED)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(lost_notice(page)).to_be_visible()


def reload(page):
    """Load a page again by the button of its notice, which comes once the server is back."""
    lost_notice(page).get_by_role("button", name="Reload").click(timeout=FIRST_LOAD)
    expect(lost_notice(page)).to_have_count(0)
    expect_ready(page)


def test_a_page_tells_that_its_server_was_killed_and_reloads_its_run(lasting):
    (page,) = lasting.open(1)
    press(page, "Reset")
    expect_step(page, 0)
    fill(page, "Run name", "lasting")
    press(page, "Rename")
    press(page, "Run Full Epoch")
    expect_step(page, 16, epoch=1)
    shown = page.locator(".bp-status").inner_text()
    wait_until(lambda: lasting.stored_step("lasting") == 16)
    lasting.server.stop(signal.SIGKILL)
    expect_lost(page)
    (page,) = lasting.open(1)
    expect_active(page, "lasting")
    assert page.locator(".bp-status").inner_text() == shown
    press(page, "Run Batch")
    expect_step(page, 17, epoch=1)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_a_server_that_is_ended_saves_all_that_was_shown(end, lasting):
    (page,) = lasting.open(1)
    play(page)
    assert lasting.server.stop(end) == 0
    shown, *_ = standing(page)
    expect_lost(page)
    manager = TrainingRunManager(lasting.store)
    assert manager.current.trainer.step >= shown
    manager.close()
    assert "Traceback" not in lasting.server.new_log()
