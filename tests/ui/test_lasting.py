"""Runs that are there again after the server was killed."""

import os
import re
import signal

import pytest
from playwright.sync_api import expect

from tests.ui.browsing import expect_active, expect_step, fill, press
from tests.ui.conftest import FIRST_LOAD, Server


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
    expect(page.locator(".bp-status")).to_have_text(re.compile(r"\S"), timeout=FIRST_LOAD)
    expect(page.get_by_text("Click a cell")).to_be_visible(timeout=FIRST_LOAD)
    page.wait_for_timeout(1000)
    return page


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


def test_a_second_window_watches_and_is_told_who_trains(browser, start):
    server = start()
    first = opened(browser, server)
    fill(first, "Run name", "shared")
    press(first, "Rename")
    expect_active(first, "shared")
    second = opened(browser, server)
    press(first, "Play")
    expect(second.locator(".bp-status")).to_have_text(re.compile(r"^step [\d,]{2,} "))
    press(second, "Run Batch")
    expect(second.get_by_text("is being trained in another window").first).to_be_visible()
    press(first, "Pause")
    first.close()
    second.close()


def test_a_link_makes_the_run_that_it_asks_for_and_says_what_it_cannot_read(context, server):
    page = context.new_page()
    page.goto(f"{server.url}?hidden_dimension=16&loss_type=cross_entropy", timeout=FIRST_LOAD)
    expect(page.get_by_text("16×16").first).to_be_visible(timeout=FIRST_LOAD)
    page.goto(f"{server.url}?hiden_dimension=16", timeout=FIRST_LOAD)
    expect(page.get_by_text("Did you mean 'hidden_dimension'").first).to_be_visible(
        timeout=FIRST_LOAD
    )
