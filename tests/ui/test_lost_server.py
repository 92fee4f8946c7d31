"""A page whose server is gone says so, and says when the server is back."""

import signal
import sqlite3
from contextlib import closing

import pytest
from playwright.sync_api import expect
from stores import wait_until

from tests.ui.browsing import expect_step, press, standing
from tests.ui.conftest import FIRST_LOAD, Server, expect_whole

IS_COVERED = """(button) => {
  const {x, y, width, height} = button.getBoundingClientRect()
  const seen = document.elementFromPoint(x + width / 2, y + height / 2)
  return seen.closest("dialog") != null
}"""


class Restarted:
    """A store, and the servers that have it one after the other.

    The pages of a server are unknown to the next one, as they are after a while to any.
    """

    def __init__(self, folder):
        self.folder, self.store, self.servers = folder, folder / "runs.sqlite", []

    def start(self, port=None):
        """Start the next server."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("BOKEH_SECRET_KEY", f"key {len(self.servers)}")
            log = self.folder / f"server {len(self.servers)}.log"
            options = ["--session-ids", "signed"]
            self.servers.append(Server(log, store=self.store, options=options, port=port))
        # Bokeh logs a traceback where the page of the server before asks to go on.
        self.servers[-1].wait_until_it_answers(with_clean_log=port is None)
        return self.servers[-1]


@pytest.fixture(scope="module")
def restarted(tmp_path_factory):
    restarted = Restarted(tmp_path_factory.mktemp("restarted"))
    restarted.start()
    yield restarted
    for server in restarted.servers:
        server.stop()


@pytest.fixture(scope="module")
def page(browser, restarted):
    """Return a page that is opened once, and then loaded again as each server follows the last."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(restarted.servers[-1].url, timeout=FIRST_LOAD)
    expect_whole(page)
    yield page
    page.close()


def saved_steps(path):
    with closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT step FROM runs").fetchall()


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_a_page_says_that_its_server_is_gone_and_when_to_reload(end, page, restarted):
    server = restarted.servers[-1]
    step = standing(page)[0] + 1
    press(page, "Run Batch")
    expect_step(page, step)
    wait_until(lambda: saved_steps(restarted.store) == [(step,)])
    server.stop(end)
    notice = page.locator("dialog.bp-lost-connection")
    expect(notice).to_contain_text("The server is gone")
    assert page.get_by_role("button", name="Run Batch", exact=True).evaluate(IS_COVERED)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(notice).to_be_visible()
    restarted.start(server.port)
    notice.get_by_role("button", name="Reload").click()
    expect_whole(page)
    expect(notice).to_have_count(0)
    expect_step(page, step)
