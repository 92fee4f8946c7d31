"""Tabs: from the press until the tab's content is in sight, against an empty press of a button.

Each tab is opened for the first time, and then again and again, while the run is paused and while
it plays. Run it with ``python benchmarks/tabs.py``.
"""

from __future__ import annotations

import numpy as np
from playwright.sync_api import Page
from serving import answer, beside_one_button, opened, press

ROUNDS = 6

CONTENTS = {
    "Loss": "Smoothing",
    "Runs": "Ticked runs",
    "Data": "underlined",
    "Health": "Doctor",
    "Difference": "Compare with",
    "Surface": "Plane",
    "Sweep": "What varies",
    "Network": "X",
}
"""What stands in each tab: the name of a plot, the label of a field, or a part of a text."""

OPEN = """([tab, content]) => {
  const tells = ({name, text, data}) => [name, data?.attributes?.label].includes(content)
    || (text?.includes?.(content) ?? false)
  const is_up = ({el}) => el?.checkVisibility?.() && el.getBoundingClientRect().height > 0
  const button = [...Bokeh.index.query(({el}) => el?.shadowRoot?.querySelector("[role=tab]"))]
    .flatMap(({el}) => [...el.shadowRoot.querySelectorAll("[role=tab]")])
    .find((each) => each.textContent === tab)
  const begin = performance.now()
  window.answer = null
  const look = () => {
    const views = Bokeh.index.query(({model}) => tells(model))
    if ([...views].some(is_up)) window.answer = performance.now() - begin
    else requestAnimationFrame(look)
  }
  button.click()
  requestAnimationFrame(look)
}"""


def open_tab(page: Page, tab: str) -> float:
    """Press a tab; return the milliseconds until its content is in sight."""
    page.evaluate(OPEN, [tab, CONTENTS[tab]])
    page.wait_for_function("() => window.answer !== null")
    page.wait_for_timeout(400)
    return page.evaluate("window.answer")


def measure(page: Page, bare: Page, what: str) -> None:
    """Print how long each tab takes, and how long an empty press beside it."""
    times: dict[str, list[float]] = {tab: [] for tab in CONTENTS}
    pressed: list[float] = []
    for _ in range(ROUNDS):
        for tab in CONTENTS:
            times[tab].append(open_tab(page, tab))
            pressed.append(answer(bare, ".MuiButton-root", "b.count"))
    empty = float(np.median(pressed))
    print(f"{what}: an empty press takes {empty:.0f} ms")
    for tab, taken in times.items():
        first, again = taken[0], float(np.median(taken[1:]))
        print(
            f"  {tab}: {again:.0f} ms, {again / empty:.1f}; "
            f"the first time {first:.0f} ms, {first / empty:.1f}"
        )


def main() -> None:
    """Measure and print."""
    with beside_one_button() as (url, chromium, bare):
        page = opened(chromium, url)
        press(page, "Run Full Epoch")
        page.wait_for_timeout(2000)
        measure(page, bare, "paused")
        press(page, "Play")
        page.wait_for_timeout(1000)
        measure(page, bare, "playing")


if __name__ == "__main__":
    main()
