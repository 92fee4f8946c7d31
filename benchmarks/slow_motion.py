"""A change of phase in slow motion against a frame of a step, both from the press to the paint.

The default network at 1280 by 800, the browser on the same machine; presses of ``Next phase`` and
of ``Run Batch`` in alternating blocks. Run it with ``python benchmarks/slow_motion.py``.
"""

from __future__ import annotations

import numpy as np
from playwright.sync_api import Page
from serving import ELEMENTS, browser, opened, press, served

BLOCKS = 6
PHASES = 6

ANSWER = """([label, shows]) => new Promise((done) => {
  const all = ELEMENTS(document)
  const button = all.find((each) => each.tagName === 'BUTTON' && each.innerText.includes(label))
  const root = all.find((each) => each.matches(shows)).getRootNode()
  const read = () => root.querySelector(shows).innerText
  const before = read(), begin = performance.now()
  const look = () => {
    if (read() === before) setTimeout(look, 0)
    // After the next animation frame the plots are painted.
    else requestAnimationFrame(() => setTimeout(() => done(performance.now() - begin), 0))
  }
  button.click()
  look()
})""".replace("ELEMENTS", ELEMENTS)


def answers(page: Page, label: str, shows: str) -> list[float]:
    """Press a button several times; return the milliseconds until each press is painted."""
    milliseconds = []
    for _ in range(PHASES):
        milliseconds.append(page.evaluate(ANSWER, [label, shows]))
        page.wait_for_timeout(150)
    return milliseconds


def main() -> None:
    """Measure and print."""
    phases, frames = [], []
    with served("apps/main.py") as (url, _), browser() as chromium:
        page = opened(chromium, url)
        for _ in range(BLOCKS):
            frames += answers(page, "Run Batch", ".bp-status")
            press(page, "Slow motion")
            page.get_by_role("button", name="Next phase", exact=True).wait_for()
            page.wait_for_timeout(1000)
            phases += answers(page, "Next phase", ".bp-now")
            press(page, "Slow motion")
            page.wait_for_timeout(1000)
    phase, frame = (np.quantile(each, [0.5, 0.95]) for each in (phases, frames))
    print(f"a change of phase: {phase[0]:.0f} ms, p95 {phase[1]:.0f} ms")
    print(f"a step and its frame: {frame[0]:.0f} ms, p95 {frame[1]:.0f} ms")
    print(f"ratio of the medians {phase[0] / frame[0]:.2f}, of the p95 {phase[1] / frame[1]:.2f}")


if __name__ == "__main__":
    main()
