"""A class without accounts: every browser has a workspace of its own."""

import sqlite3

import pytest
from playwright.sync_api import expect
from stores import wait_until

from tests.ui.browsing import expect_active, expect_step, fill, press
from tests.ui.conftest import FIRST_LOAD, Server, expect_ready, new_context, new_page


@pytest.fixture(scope="module")
def class_server(tmp_path_factory):
    """Serve the app with a workspace for each browser."""
    folder = tmp_path_factory.mktemp("class")
    server = Server(folder / "server.log", folder / "runs.sqlite", args=("--workspace", "browser"))
    server.store = folder / "runs.sqlite"
    try:
        server.wait_until_it_listens()
        yield server
    finally:
        server.stop()
    assert "Traceback" not in server.log()


@pytest.fixture
def visitor(browser):
    """Return a function that makes a browser of its own, and closes them all at the end."""
    contexts = []

    def visitor():
        contexts.append(new_context(browser))
        return contexts[-1]

    yield visitor
    for context in contexts:
        context.close()


def visit(context, url):
    page = new_page(context)
    page.goto(url, timeout=FIRST_LOAD)
    expect_ready(page)
    return page


def key_of(context):
    (cookie,) = (each for each in context.cookies() if each["name"].endswith("workspace"))
    return cookie["value"]


def owners(server):
    with sqlite3.connect(server.store) as db:
        return [user for (user,) in db.execute("SELECT user FROM workspaces")]


def test_two_browsers_see_nothing_of_each_other(class_server, visitor):
    first, second = visitor(), visitor()
    page = visit(first, class_server.url)
    press(page, "Run Batch")
    expect_step(page, 1)
    fill(page, "Run name", "mine")
    press(page, "Rename")
    expect_active(page, "mine")
    other = visit(second, class_server.url)
    expect_active(other, "run 1")
    expect_step(other, 0)
    assert key_of(first) != key_of(second)
    wait_until(lambda: len(owners(class_server)) >= 2)
    assert not any(
        key_of(each) in owner for each in (first, second) for owner in owners(class_server)
    )
    page.close()
    again = visit(first, class_server.url)
    expect_active(again, "mine")
    expect_step(again, 1)
    expect(again.get_by_text("Shared: everyone")).to_be_hidden()


def test_a_made_up_key_is_replaced_by_a_random_one(class_server, visitor):
    context = visitor()
    host = {"name": "backprop_panel_workspace", "value": "1", "url": class_server.url}
    context.add_cookies([host])
    page = visit(context, class_server.url)
    expect_active(page, "run 1")
    assert len(key_of(context)) == 64


def test_a_browser_whose_cookies_are_cleared_gets_another_key_at_once(class_server, visitor):
    context = visitor()
    page = visit(context, class_server.url)
    before = key_of(context)
    context.clear_cookies()
    page.reload()
    expect_ready(page)
    assert key_of(context) != before


def test_a_browser_without_cookies_is_told_why_there_is_no_page(class_server, visitor):
    page = new_page(visitor())
    page.add_init_script("Object.defineProperty(document, 'cookie', {get: () => '', set() {}})")
    page.goto(class_server.url, timeout=FIRST_LOAD)
    expect(page.get_by_text("this browser keeps none")).to_be_visible(timeout=FIRST_LOAD)
