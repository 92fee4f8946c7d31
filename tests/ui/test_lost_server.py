"""A page whose server is gone says so, and says when the server is back."""

import signal
import sqlite3
from contextlib import closing

import pytest
from playwright.sync_api import expect
from stores import wait_until

from tests.ui.browsing import expect_step, press
from tests.ui.conftest import FIRST_LOAD, Server, expect_whole

IS_COVERED = """(button) => {
  const {x, y, width, height} = button.getBoundingClientRect()
  const seen = document.elementFromPoint(x + width / 2, y + height / 2)
  return seen.closest("dialog") != null
}"""


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Return a function that starts the next server of one store.

    The pages of a server are unknown to the next one, as they are after a while to any.
    """
    servers = []

    def start(port=None):
        monkeypatch.setenv("BOKEH_SECRET_KEY", f"key {len(servers)}")
        server = Server(
            tmp_path / f"server {len(servers)}.log",
            store=tmp_path / "runs.sqlite",
            options=["--session-ids", "signed"],
            port=port,
        )
        servers.append(server)
        server.wait_until_it_answers()
        return server

    yield start
    for server in servers:
        server.stop()


def saved_steps(path):
    with closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT step FROM runs").fetchall()


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_a_page_says_that_its_server_is_gone_and_when_to_reload(end, browser, start, tmp_path):
    server = start()
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(server.url, timeout=FIRST_LOAD)
    expect_whole(page)
    press(page, "Run Batch")
    expect_step(page, 1)
    wait_until(lambda: saved_steps(tmp_path / "runs.sqlite") == [(1,)])
    server.stop(end)
    notice = page.locator("dialog.bp-lost-connection")
    expect(notice).to_contain_text("The server is gone")
    assert page.get_by_role("button", name="Run Batch", exact=True).evaluate(IS_COVERED)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(notice).to_be_visible()
    start(server.port)
    notice.get_by_role("button", name="Reload").click()
    expect_whole(page)
    expect(notice).to_have_count(0)
    expect_step(page, 1)
    page.close()
