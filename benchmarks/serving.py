"""A served page and a browser that has it open, for the benchmarks that look at what is shown."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 120
BROWSER_NAMES = ("chromium", "chromium-browser", "google-chrome")
BROWSER_ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

WHOLE = """() => window.Bokeh && ['dŷ', 'timeline'].every((name) =>
  [...Bokeh.index.query(({model}) => model.name === name)].length > 0)"""

ELEMENTS = """(function elements(root) {
  return [...root.querySelectorAll("*")].flatMap((each) =>
    [each, ...(each.shadowRoot ? elements(each.shadowRoot) : [])])
})"""
"""Returns all elements below a root, those within shadow trees too."""

CLICK_AND_WAIT = """([pressed, shown]) => {
  const find = (selector) => ELEMENTS(document).find((each) => each.matches(selector))
  // Both are sought before the time begins: that takes longer the larger a page is.
  const button = find(pressed), root = find(shown).getRootNode()
  const text = () => root.querySelector(shown)?.textContent
  const before = text(), begin = performance.now()
  window.answer = null
  const look = () => {
    if (text() !== before) window.answer = performance.now() - begin
    else requestAnimationFrame(look)
  }
  button.click()
  look()
}""".replace("ELEMENTS", ELEMENTS)

COUNT_FRAMES = """() => {
  window.heatmaps = Bokeh.documents.flatMap((document) => [...document._all_models.values()])
    .filter((model) => model.type === 'ColumnDataSource' && model.data.image).length
  window.frames = 0
  let asked = false
  // A frame is one in which the browser painted after new cells were coloured.
  const count = () => { asked = false; window.frames += 1 }
  const {prototype} = CanvasRenderingContext2D, colour = prototype.putImageData
  prototype.putImageData = function(...cells) {
    colour.apply(this, cells)
    if (!asked) { asked = true; requestAnimationFrame(count) }
  }
}"""
"""Counts frames in the page, whatever the server meant to send."""


@contextmanager
def served(app: str, *arguments: str) -> Iterator[tuple[str, int]]:
    """Serve an app, and more if given, in a process; give its address and its process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "panel", "serve", app, *arguments, "--port", str(port)]
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(
            [*command, "--args", "--store", "memory"],
            cwd=ROOT,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        try:
            url = f"http://localhost:{port}/{Path(app).stem}"
            _wait_for(url)
            yield url, server.pid
        finally:
            server.terminate()
            server.wait()


@contextmanager
def browser() -> Iterator[Browser]:
    """Start the machine's Chromium."""
    found = next(filter(None, map(shutil.which, BROWSER_NAMES)), None)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=BROWSER_ARGS)
        yield chromium
        chromium.close()


@contextmanager
def beside_one_button() -> Iterator[tuple[str, Browser, Page]]:
    """Serve the workbench beside a page with one button; give its address, a browser, that page."""
    with served("apps/main.py", "benchmarks/apps/one_button.py") as (url, _), browser() as chromium:
        bare = chromium.new_page()
        bare.goto(url.replace("/main", "/one_button"))
        bare.get_by_role("button", name="Press").wait_for()
        yield url, chromium, bare


def opened(chromium: Browser, url: str) -> Page:
    """Open the workbench and wait until it is drawn."""
    page = chromium.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(READY_SECONDS * 1000)
    page.goto(url)
    page.locator(".bp-status").wait_for()
    page.wait_for_function(WHOLE)
    page.wait_for_function("() => Bokeh.documents.every((document) => document.is_idle)")
    page.wait_for_timeout(1000)
    return page


def press(page: Page, name: str) -> None:
    """Press a button by its name."""
    page.get_by_role("button", name=name, exact=True).click()


def answer(page: Page, pressed: str, shown: str) -> float:
    """Click an element; return the milliseconds until another one reads otherwise."""
    page.evaluate(CLICK_AND_WAIT, [pressed, shown])
    page.wait_for_function("() => window.answer !== null")
    page.wait_for_timeout(150)
    return page.evaluate("window.answer")


def step(page: Page) -> int:
    """Return the step that the status line reads."""
    status = page.locator(".bp-status").inner_text()
    return int(re.search(r"step ([\d,]+)", status)[1].replace(",", ""))


def resident_bytes(process: int) -> int:
    """Return the memory that a process holds."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            urllib.request.urlopen(url, timeout=READY_SECONDS).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return
