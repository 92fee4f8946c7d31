"""A served page and a real browser, for the tests of this folder.

``server`` is the app in a process of its own, as a user would start it; ``page`` is a browser page
that has it open and ready. After each test these must hold, whatever it asserted: the server logged
no traceback and got nothing back that came from it, the page raised no error, and nothing was asked
of another host.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect, sync_playwright

from backprop_panel.views.theme_memory import COOKIE
from tests.ui.browsing import expect_drawn, settle
from tests.ui.resetting import UsedPage

ROOT = Path(__file__).resolve().parents[2]

# Most servers leave torch out.
WITHOUT_TORCH = {"PYTHONPATH": str(ROOT / "tests" / "without_torch")}

# All of these are far longer than it takes: only a test that fails waits for so long, and one that
# gives up on a machine that is slow or busy with much else says nothing.
# Seconds: a cold start imports Panel, HoloViews and Bokeh.
SERVER_START = 300
# Seconds: it saves its runs.
SERVER_END = 120
# Milliseconds: a first page load fetches and compiles all of the page's scripts.
FIRST_LOAD = 240_000
# Milliseconds: what a press, a choice or a tab brings.
ACTION = 120_000

# What is looked for may take as long: a new run's page is built on the server first.
expect.set_options(timeout=ACTION)

WHOLE = """() => window.Bokeh && ['dŷ', 'timeline'].every((name) =>
  [...Bokeh.index.query(({model}) => model.name === name)].length > 0)"""

BROWSER_NAMES = ("chromium", "chromium-browser", "google-chrome")
BROWSER_ARGS = [
    "--no-sandbox",  # it refuses to start as root otherwise, as in a container
    "--disable-gpu",
    "--disable-dev-shm-usage",  # containers have a /dev/shm too small for it
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-sync",
    "--metrics-recording-only",
    # A page of a test lives too briefly for what its scripts would gain by being optimized.
    "--js-flags=--no-opt",
    # The tests see the same page with and without a network: no name is ever resolved.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


class Server:
    """The app, served by ``panel serve`` in its own process and process group."""

    def __init__(
        self,
        log_path: Path,
        store: Path | str = "memory",
        options=(),
        address: str = "main",
        port: int | None = None,
        torch: bool = False,
        args: tuple[str, ...] = (),
    ):
        self.log_path = log_path
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}/{address}"
        self._checked = 0
        command = [sys.executable, "-m", "panel", "serve", "apps/main.py", *options]
        command += ["--port", str(self.port), "--address", "127.0.0.1"]
        command += ["--allow-websocket-origin", f"127.0.0.1:{self.port}"]
        command += [
            "--args",
            "--store",
            str(store),
            *args,
        ]  # each page begins with a run of its own
        with log_path.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ | {"PYTHONUNBUFFERED": "1"} | ({} if torch else WITHOUT_TORCH),
                start_new_session=True,
                # Ctrl-C's signal is ignored by what was started from a shell in the background.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
            )

    def wait_until_it_listens(self) -> None:
        """Return once the server takes connections; say what the log says where it never does.

        Nothing is requested: a page that nobody sees takes as long to make as that of a test.
        """
        deadline = time.monotonic() + SERVER_START
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                pytest.fail(f"the server ended with {self.process.returncode}:\n{self.log()}")
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:  # nobody listens yet
                time.sleep(0.05)
        pytest.fail(f"the server did not listen within {SERVER_START} s:\n{self.log()}")

    def expect_an_app(self) -> None:
        """Request the page: an app that raises is served all the same, as an empty page."""
        # A proxy of the environment has no say about the loopback address.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            opener.open(self.url, timeout=SERVER_START).close()
        except urllib.error.HTTPError as error:
            error.close()
            pytest.fail(f"the server answers {error.code}:\n{self.log()}")
        if "Traceback" in self.log():
            pytest.fail(f"the app cannot be opened:\n{self.log()}")

    def log(self) -> str:
        """Return all that the server has written."""
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def new_log(self) -> str:
        """Return what it has written since the last call: each line is looked at once."""
        data = self.log_path.read_bytes()
        new, self._checked = data[self._checked :], len(data)
        return new.decode("utf-8", errors="replace")

    def stop(self, by: signal.Signals = signal.SIGTERM) -> int:
        """End the server and all that it started, at the worst by force; return its exit code."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, by)
            try:
                self.process.wait(timeout=SERVER_END)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        return self.process.returncode


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """Serve the app once for all tests; ``server.log()`` reads what it wrote."""
    log_path = tmp_path_factory.mktemp("server") / "server.log"
    server = Server(log_path, options=["tests/ui/embedded.py"], torch=True)
    try:
        server.wait_until_it_listens()
        server.expect_an_app()  # otherwise each test would wait for its page
        yield server
    finally:
        server.stop()
    late = server.new_log()
    assert "Traceback" not in late, f"the server failed as it ended:\n{late}"


@pytest.fixture(scope="session")
def browser():
    """Start the machine's Chromium headless, with a user data folder made for this run alone."""
    found = next(filter(None, map(shutil.which, BROWSER_NAMES)), None)
    with sync_playwright() as playwright:
        # None stands for the one that Playwright installed itself, where there is such a one.
        if found is None and not Path(playwright.chromium.executable_path).exists():
            pytest.fail(f"no browser: none of {', '.join(BROWSER_NAMES)} is on PATH")
        browser = playwright.chromium.launch(
            executable_path=found, headless=True, args=BROWSER_ARGS
        )
        yield browser
        browser.close()


class Watch:
    """Collects what no page of a browser context may do, from its first request on."""

    def __init__(self, context, host: str):
        self.host = host
        self.foreign: list[str] = []
        self.errors: list[str] = []
        self._listeners = {
            "request": lambda request: self._look_at(request.url),
            "weberror": lambda error: self.errors.append(error.error.stack or str(error.error)),
            "page": lambda page: page.on("websocket", lambda ws: self._look_at(ws.url)),
        }
        self._context = context
        for event, listener in self._listeners.items():
            context.on(event, listener)

    def stop(self) -> None:
        """Look no longer."""
        for event, listener in self._listeners.items():
            self._context.remove_listener(event, listener)

    def _look_at(self, url: str) -> None:
        parts = urlsplit(url)
        # data:, blob: and about: leave the page for nowhere.
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != self.host:
            self.foreign.append(url)


@pytest.fixture(scope="session")
def kept():
    """Return where the page is kept that stays open from test to test."""
    return UsedPage()


def new_context(browser, **options):
    """Open a browser context, 1280 by 800 if nothing else is said."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
    context.set_default_timeout(ACTION)
    return context


@pytest.fixture(scope="session")
def shared_context(browser):
    """Open one context for all tests: the page's scripts are fetched and compiled once."""
    context = new_context(browser)
    yield context
    context.close()


@pytest.fixture
def context(shared_context, server, kept):
    """Watch what happens during one test, and close the pages that it opened."""
    before = shared_context.pages
    watch = Watch(shared_context, urlsplit(server.url).netloc)
    yield shared_context
    for page in shared_context.pages:
        if page not in (*before, kept.page):
            page.close()
    shared_context.clear_cookies(name=COOKIE)  # the next page is light, as the first one
    watch.stop()
    log = server.new_log()
    assert "Traceback" not in log, f"the server's log has a traceback:\n{log}"
    assert "already known" not in log, f"the page sent back what came from the server:\n{log}"
    assert not watch.foreign, f"requests to other hosts: {watch.foreign}"
    assert not watch.errors, f"errors raised in the page: {watch.errors}"


def new_page(context):
    """Open a page, whose animations take no time: no test is about one."""
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("Animation.enable")
    devtools.send("Animation.setPlaybackRate", {"playbackRate": 100})
    return page


def expect_whole(page):
    """Wait until a page that was just opened is there, with all of its parts."""
    # The map's other plots and the panels beside it come once the page has opened. They are waited
    # for first: what is expected for more than a moment is soon looked for once a second only.
    # Not at each frame: looking through all views takes a part of the time of opening.
    page.wait_for_function(WHOLE, timeout=FIRST_LOAD, polling=100)
    expect(page.locator(".bp-status")).to_have_text(re.compile(r"\S"), timeout=FIRST_LOAD)
    expect(page.get_by_text("Click a cell")).to_be_visible(timeout=FIRST_LOAD)


def expect_ready(page):
    """Wait until a page that was just opened can be used.

    Until all is laid out, a field that is typed into may still be drawn anew.
    """
    expect_whole(page)
    expect_drawn(page)
    settle(page)


@pytest.fixture
def open_page(context, server):
    """Return a function that opens one more page on the app and waits until it is ready."""

    def open_page():
        page = new_page(context)
        page.goto(server.url, timeout=FIRST_LOAD)
        expect_ready(page)
        return page

    return open_page


@pytest.fixture
def page(open_page):
    """Return a page with the app open and ready, 1280 by 800."""
    return open_page()


@pytest.fixture
def used_page(open_page, kept):
    """Return a page that was used before, its first run reset: far sooner there than a new one.

    It is for tests that leave alone what outlives a run: the first run's name, which runs are
    compared, what part of a curve is in sight.
    """
    return kept.keep(open_page()) if kept.page is None else kept.reset()
