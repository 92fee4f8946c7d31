"""Links to a configuration, and notices above the tabs, on a server with a store."""

import json
import re
import sqlite3
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect
from stores import wait_until

from tests.ui.browsing import choose, expect_active, expect_step, fill, press, show_tab, standing
from tests.ui.conftest import FIRST_LOAD, Server, expect_ready, free_port, new_page
from tests.ui.proxy import reverse_proxy

REQUESTS = 3
MEGABYTE = 1 << 20
LINK, NO_LINK = "?hidden_dimension=16", ""
LARGE = "num_samples=10000000"
NO_STORE = b"no database" * 1000
SHARED = "Shared: everyone who opens this page"


class Stored(Server):
    """A server whose store is a file."""

    def __init__(self, folder):
        self.store = folder / "runs.sqlite"
        super().__init__(folder / "server.log", self.store)

    def configurations(self):
        """Return the configurations of the runs in the store."""
        db = sqlite3.connect(self.store)
        found = [json.loads(text) for (text,) in db.execute("SELECT config FROM runs")]
        db.close()
        return found

    def get(self, query):
        """Request the page, as what runs no script does."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{self.url}?{query}", timeout=FIRST_LOAD / 1000) as answer:
            assert answer.status == 200

    def peak_memory(self):
        """Return the most bytes that the server has had in memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


@contextmanager
def served(folder):
    """Serve the app on the store of a folder; the log may hold no traceback."""
    server = Stored(folder)
    try:
        server.wait_until_it_listens()
        yield server
    finally:
        server.stop()
    assert "Traceback" not in server.log()


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """Return a server whose store is empty at first."""
    with served(tmp_path_factory.mktemp("stored")) as server:
        yield server


@pytest.fixture(scope="module")
def drafts(shared_context, stored):
    """Return a page of a link and one without, both opened on the empty store as one asks."""
    pages = {}

    def drafts(query):
        if query not in pages:
            assert stored.configurations() == []
            pages[query] = open_page(shared_context, f"{stored.url}{query}")
        return pages[query]

    yield drafts
    for page in pages.values():
        page.close()


@pytest.fixture(scope="module")
def damaged(tmp_path_factory):
    """Return a server on a file that is no store."""
    folder = tmp_path_factory.mktemp("damaged")
    (folder / "runs.sqlite").write_bytes(NO_STORE)
    with served(folder) as server:
        yield server


def open_page(context, url):
    """Return a page once all of it is there."""
    page = new_page(context)
    page.goto(url, timeout=FIRST_LOAD)
    expect_ready(page)
    return page


@pytest.fixture
def opened(shared_context):
    """Return a function that opens a page, which is closed after the test."""
    pages = []

    def opened(url):
        pages.append(open_page(shared_context, url))
        return pages[-1]

    yield opened
    for page in pages:
        page.close()


def copied_link(page):
    """Press the button beside the link, and return what has come into the clipboard."""
    button = page.get_by_role("button", name="Copy the link", exact=True)
    button.click()
    expect(button).to_have_text("Copied")
    return page.evaluate("navigator.clipboard.readText()")


def alert(page, text):
    return page.get_by_role("alert").filter(has_text=text)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_requests_without_a_browser_change_nothing(stored, drafts):
    for seed in range(REQUESTS):
        stored.get(f"seed={seed}")
    before = stored.peak_memory()
    for seed in range(2):
        stored.get(f"{LARGE}&seed={seed}")
    page = drafts(NO_LINK)
    expect_active(page, "run 1")
    assert stored.peak_memory() < before + 100 * MEGABYTE
    page.get_by_role("combobox", name="Active run", exact=True).click()
    expect(page.get_by_role("menuitem")).to_have_count(1)
    page.keyboard.press("Escape")
    assert stored.configurations() == []


def test_the_run_of_a_link_is_stored_once_it_is_trained(stored, drafts):
    drafts(NO_LINK)  # for the test after this
    page = drafts(LINK)
    expect(page.get_by_text("16×16").first).to_be_visible()
    expect_active(page, "run 1")
    assert stored.configurations() == []
    page.reload()
    expect(page.get_by_text("16×16").first).to_be_visible(timeout=FIRST_LOAD)
    expect(page.get_by_text("Click a cell")).to_be_visible(timeout=FIRST_LOAD)
    assert stored.configurations() == []
    press(page, "Run Batch")
    expect_step(page, 1)
    wait_until(stored.configurations)
    assert stored.configurations()[0]["hidden_dimension"] == 16


def test_drafts_of_two_pages_get_names_of_their_own(drafts):
    second, first = drafts(NO_LINK), drafts(LINK)
    step = standing(first)[0] + 1
    press(first, "Run Batch")
    expect_step(first, step)
    expect_active(second, "run 2")
    press(second, "Run Single Step")
    expect_step(second, 1)
    choose(second, "Active run", "run 1")
    expect_step(second, step)
    expect(second.get_by_text("16×16").first).to_be_visible()


def test_a_large_link_asks_before_anything_is_made(context, server, opened):
    page = opened(f"{server.url}?num_samples=600000")
    question = alert(page, "Open a large run?")
    expect(question).to_contain_text("600,000 training samples")
    expect(question).to_be_in_viewport()
    expect(question.get_by_role("button", name="Leave it")).to_be_visible()
    expect(page.get_by_label("Training samples", exact=True)).to_have_value("512")
    press(page, "Open it")
    expect(page.get_by_label("Training samples", exact=True)).to_have_value("600000")
    expect(question).to_be_hidden()
    press(page, "Run Batch")
    expect_step(page, 1)


def test_a_link_that_cannot_be_followed_says_so_above_the_tabs(server, opened):
    page = opened(f"{server.url}?seed={5000 * '9'}")
    message = alert(page, "The link was not followed")
    expect(message).to_contain_text("seed must be a whole number, got '999")
    expect(message).to_be_in_viewport()
    press(page, "Run Batch")
    expect_step(page, 1)
    message.get_by_role("button", name="Close").click()
    expect(message).to_be_hidden()


def test_a_reload_shows_the_run_of_the_link_and_makes_no_second(stored, drafts, opened):
    page = drafts(LINK)
    name = page.get_by_label("Active run", exact=True).inner_text()
    step = standing(page)[0] + 1
    press(page, "Run Batch")
    expect_step(page, step)
    wait_until(stored.configurations)
    before = len(stored.configurations())
    page.reload()
    expect(page.get_by_text("Click a cell")).to_be_visible(timeout=FIRST_LOAD)
    expect_step(page, step)
    assert len(stored.configurations()) == before
    other = opened(f"{stored.url}{LINK}")
    expect_step(other, 0)
    expect(other.get_by_label("Active run", exact=True)).not_to_have_text(name)


def test_the_copied_link_carries_the_settings_that_are_shown(server, used_page, opened):
    page = used_page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    choose(page, "Optimizer", "AdamW")
    fill(page, "Hidden dimension", "6 5")
    link = page.get_by_role("link", name="Link to these settings")
    expect(link).to_have_attribute("href", f"{server.url}?hidden_dimension=6,5&optimizer=adamw")
    assert copied_link(page) == link.get_attribute("href")
    other = opened(link.get_attribute("href"))
    expect(other.get_by_label("Hidden dimension", exact=True)).to_have_value("6 5")
    expect(other.get_by_role("combobox", name="Optimizer", exact=True)).to_contain_text("AdamW")
    expect(other.get_by_label("Learning rate", exact=True)).to_have_value("0.01")


def test_the_copied_link_keeps_the_path_of_a_prefix_and_of_a_proxy(tmp_path, opened):
    port = free_port()
    with reverse_proxy(port, "/behind") as front:
        server = Server(
            tmp_path / "server.log",
            options=["--prefix", "some/prefix", "--allow-websocket-origin", f"127.0.0.1:{front}"],
            address="some/prefix/main",
            port=port,
        )
        try:
            server.wait_until_it_listens()
            url = f"http://127.0.0.1:{front}/behind/some/prefix/main"
            page = opened(url)
            page.context.grant_permissions(["clipboard-read", "clipboard-write"])
            fill(page, "Hidden dimension", "7")
            link = page.get_by_role("link", name="Link to these settings")
            expect(link).to_have_attribute("href", re.compile("hidden_dimension=7"))
            link = copied_link(page)
            assert link == f"{url}?hidden_dimension=7"
            linked = opened(link)
            expect(linked.get_by_text("16×7").first).to_be_visible()
            press(linked, "Run Batch")
            expect_step(linked, 1)
        finally:
            server.stop()
    assert "Traceback" not in server.log()


def test_a_damaged_store_is_told_on_every_tab_in_dark_and_in_light(damaged, opened):
    page = opened(f"{damaged.url}?theme=dark")
    notice = alert(page, "Runs are not saved")
    for tab in ("Loss", "Runs", "Data", "Health", "Difference", "Network"):
        show_tab(page, tab)
        expect(notice).to_be_in_viewport(ratio=1)
    press(page, "Toggle theme")
    expect(notice).to_be_in_viewport(ratio=1)
    expect(notice).to_contain_text("is damaged")
    expect(notice).to_contain_text("gone when it closes")
    press(page, "Run Batch")
    expect_step(page, 1)
    expect(notice).to_be_visible()
    assert damaged.store.read_bytes() == NO_STORE


def test_runs_of_everyone_are_said_to_be_shared(drafts):
    expect(drafts(NO_LINK).get_by_text(SHARED)).to_be_visible()


def test_runs_of_one_page_are_not_said_to_be_shared(used_page):
    expect(used_page.get_by_text(SHARED)).to_be_hidden()
