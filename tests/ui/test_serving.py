"""Every mode of ``panel serve``: the page works, or says why it does not."""

import signal
from urllib.parse import urlsplit

import panel as pn
import pytest
from playwright.sync_api import expect

from tests.ui.browsing import expect_step, press
from tests.ui.conftest import FIRST_LOAD, Server, Watch, expect_whole, new_context, new_page

# Panel's login page loads its logo from the CDN.
LOGO = f"https://cdn.holoviz.org/panel/{pn.__version__}/dist/images/logo_stacked.png"

# Options that do not touch each other stand together: a server and a page take seconds each.
MODES = {
    "threads, as the index, behind a login": [
        *("--num-threads", "4", "--index", "main"),
        *("--basic-auth", "secret", "--cookie-secret", "salt"),
    ],
    "reused sessions": ["--reuse-sessions", "--warm"],
    "reused and warmed sessions": ["--reuse-sessions", "warm"],
    "reloading, warm, short sessions, with more around it": [
        *("--dev", "--autoreload", "--unused-session-lifetime", "1", "--keep-alive", "1000"),
        *("--check-unused-sessions", "100", "--session-token-expiration", "60"),
        *("--warm", "--global-loading-spinner", "--static-dirs", "tests=tests"),
        *("--setup", "tests/stores.py", "--plugins", "tests.plugin", "--enable-xsrf-cookies"),
        *("--websocket-compression-level", "9", "--session-ids", "unsigned"),
    ],
    "observed, under a prefix": [
        *("--prefix", "x", "--root-path", "/x/"),
        *("--admin", "--profiler", "snakeviz", "--session-history=-1", "--rest-session-info"),
        *("--liveness", "--log-level", "debug", "--stats-log-frequency", "1000"),
        *("--rest-provider", "param"),
    ],
}
ADDRESSES = {"threads, as the index, behind a login": "", "observed, under a prefix": "x/main"}
"""Where the page is, if not at /main."""


@pytest.fixture
def start(tmp_path):
    """Return a function that starts a server. Ctrl-C ends it at last, without a traceback."""
    servers = []

    def start(*options, **where):
        log = tmp_path / f"server {len(servers)}.log"
        servers.append(Server(log, options=options, **where))
        servers[-1].wait_until_it_listens()
        return servers[-1]

    yield start
    for server in servers:
        assert server.stop(signal.SIGINT) == 0
        assert "Traceback" not in server.log(), server.log()


@pytest.fixture
def visit(browser):
    """Return a function that opens a page in a new context. No errors, no foreign requests."""
    contexts, watches = [], []

    def visit(server):
        contexts.append(new_context(browser))
        watches.append(Watch(contexts[-1], urlsplit(server.url).netloc))
        page = new_page(contexts[-1])
        page.goto(server.url, timeout=FIRST_LOAD)
        return page

    yield visit
    for context in contexts:
        context.close()
    foreign = [url for watch in watches for url in watch.foreign if url != LOGO]
    assert not foreign
    assert not [error for watch in watches for error in watch.errors]


PATCHED = """() => {
  const methods = (module, name) => Bokeh.require(module)[name].prototype
  return [
    methods("core/dom", "InlineStyleSheet").skips_unchanged,
    methods("models/glyphs/image", "ImageView").change_cells != null,
    methods("client/connection", "ClientConnection").reconnects,
  ]
}"""


def log_in(page):
    page.get_by_placeholder("Username").fill("ada")
    page.get_by_placeholder("Password").fill("secret")
    page.get_by_role("button", name="Login").click()


def expect_to_work(page):
    expect_whole(page)
    press(page, "Run Batch")
    expect_step(page, 1)


@pytest.mark.parametrize("mode", MODES)
def test_the_page_works_in_each_mode(mode, start, visit):
    server = start(*MODES[mode], address=ADDRESSES.get(mode, "main"))
    # The second page of a server that makes or keeps sessions in advance differs from the first.
    for _ in range(2 if "--reuse-sessions" in MODES[mode] else 1):
        page = visit(server)
        if "--basic-auth" in MODES[mode]:
            log_in(page)
        expect_to_work(page)
        account = page.get_by_role("link", name="Log out", exact=True)
        expect(account).to_have_count(int("--basic-auth" in MODES[mode]))
        if "--basic-auth" in MODES[mode]:
            expect(page.get_by_text("ada ·")).to_be_visible()
            account.click()
            page.goto(server.url)
            expect(page.get_by_placeholder("Password")).to_be_visible()


def test_the_page_applies_the_patches_of_bokehjs(used_page):
    assert used_page.evaluate(PATCHED) == [True, True, True]


def test_several_processes_are_refused_with_a_reason(tmp_path, visit):
    server = Server(tmp_path / "server.log", options=["--num-procs", "2"])
    try:
        server.wait_until_it_listens()
        page = visit(server)
        page.set_viewport_size({"width": 390, "height": 800})
        expect(page.get_by_text("--num-procs is not supported")).to_be_in_viewport(ratio=1)
        assert "--num-procs is not supported" in server.log()
        assert "Traceback" not in server.log()
    finally:
        server.stop(signal.SIGINT)


def test_a_page_is_whole_again_once_its_server_has_been_restarted(start, visit, tmp_path):
    store = tmp_path / "runs.sqlite"
    server = start(store=store)
    page = visit(server)
    expect_to_work(page)
    assert server.stop(signal.SIGTERM) == 0
    expect(page.locator("dialog.bp-lost-connection")).to_contain_text("The server is gone")
    asked = []
    page.on("request", lambda request: asked.append(request.method))
    again = start(store=store, port=server.port)
    press(page, "Run Batch")
    expect_step(page, 2)  # until then, the page of the server before is seen
    expect_whole(page)
    assert "OPTIONS" in asked and " 405 " not in again.log()
