"""Watched training: frames that reach the browser, the training rate, and a click's answer.

The default network plays with its whole map in view, the browser on the same machine. Watched and
unwatched blocks of training alternate; the unwatched ones train the same run in a process of its
own. Run it with ``python benchmarks/live.py``.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import time

import numpy as np
from playwright.sync_api import Page
from serving import COUNT_FRAMES, ELEMENTS, ROOT, browser, opened, press, served, step

BLOCKS = 5
BLOCK_SECONDS = 4.0
CLICKS = 40
SHOWN = ("10 frames a second", "30 frames a second")

UNWATCHED = f"""
import time
from backprop_panel import TrainingRunManager
from backprop_panel.training.worker import StopWhen
run = TrainingRunManager().create(optimizer="adam", loss_type="cross_entropy", learning_rate=0.01)
run.worker.start(StopWhen())
time.sleep(0.5)
begin, step = time.perf_counter(), run.trainer.step
time.sleep({BLOCK_SECONDS})
print((run.trainer.step - step) / (time.perf_counter() - begin))
run.worker.stop()
"""


def unwatched_rate() -> float:
    """Return the steps a second of a worker that nobody watches."""
    output = subprocess.run(
        [sys.executable, "-c", UNWATCHED], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return ast.literal_eval(output.stdout)


def watched(page: Page) -> tuple[float, float]:
    """Play for a while from the beginning; return frames and steps a second.

    Later steps take longer: the running means of units that have died become denormal numbers.
    """
    press(page, "Reset")
    page.get_by_text("nothing has been trained yet").wait_for()
    press(page, "Play")
    page.wait_for_timeout(1000)
    begin, first, frames = time.perf_counter(), step(page), page.evaluate("window.frames")
    page.wait_for_timeout(BLOCK_SECONDS * 1000)
    frames, steps = page.evaluate("window.frames") - frames, step(page) - first
    seconds = time.perf_counter() - begin
    press(page, "Pause")
    page.get_by_role("button", name="Play", exact=True).wait_for()
    return frames / seconds, steps / seconds


def show(page: Page, frames: str) -> None:
    """Choose how often the page shows what is trained."""
    page.get_by_role("combobox", name="Show", exact=True).click()
    page.get_by_role("menuitem", name=frames, exact=True).click()
    page.wait_for_timeout(1000)


def _answer(page: Page, button: str, then: str) -> float:
    """Press a button; return the seconds until the page shows that it was pressed."""
    page.evaluate(
        """([button, then]) => {
          // Before its label a button's text has the name of its icon.
          const reads = (each, name) => each.innerText.trim().endsWith(name)
          const find = (name) => ELEMENTS(document).find((each) =>
            each.tagName === 'BUTTON' && reads(each, name))
          window.answer = null
          const pressed = find(button), begin = performance.now()
          const look = () => {
            if (reads(pressed, then)) window.answer = performance.now() - begin
            else requestAnimationFrame(look)
          }
          pressed.click()
          look()
        }""".replace("ELEMENTS", ELEMENTS),
        [button, then],
    )
    page.wait_for_function("() => window.answer !== null")
    return page.evaluate("window.answer") / 1000


def answers(page: Page) -> str:
    """Say how long the answers to clicks take that play and pause in turn."""
    seconds = []
    for _ in range(CLICKS // 2):
        for pressed, then in (("Play", "Pause"), ("Pause", "Play")):
            seconds.append(_answer(page, pressed, then))
            page.wait_for_timeout(300)
    p50, p95 = np.quantile(seconds, [0.5, 0.95]) * 1000
    return f"a click's answer {p50:.0f} ms, p95 {p95:.0f} ms"


def main() -> None:
    """Measure and print."""
    with served("apps/main.py") as (url, _), browser() as chromium:
        page = opened(chromium, url)
        page.evaluate(COUNT_FRAMES)
        heatmaps = page.evaluate("window.heatmaps")
        seen: dict[str, list[tuple[float, float, float]]] = {name: [] for name in SHOWN}
        for _ in range(BLOCKS):
            alone = unwatched_rate()
            for name, blocks in seen.items():
                show(page, name)
                frames, rate = watched(page)
                blocks.append((frames, rate, rate / alone))
        print(f"{heatmaps} heatmaps, medians of {BLOCKS} alternating blocks of {BLOCK_SECONDS} s")
        for name, blocks in seen.items():
            frames, rate, share = np.median(blocks, axis=0)
            print(f"{name}: {frames:.1f} frames a second in the browser")
            print(f"  {rate:.0f} steps a second, {share:.0%} of those unwatched")
        print(f"while playing, {answers(page)}")


if __name__ == "__main__":
    main()
