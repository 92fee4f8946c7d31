"""A switch to a run of another depth against one to a run of equal depth, from choice to paint.

Both runs' heatmaps were shown before, as after a person's first switch. Run it with
``python benchmarks/switching.py``.
"""

from __future__ import annotations

import numpy as np
from playwright.sync_api import Page
from serving import browser, opened, served

ROUNDS = 12

SETTLE_MS = 1000
"""Time between two switches, in which heatmaps that are new are made."""

CHOOSE = """(name) => new Promise((done) => {
  const models = () => [...Bokeh.documents[0].all_models]
  const list = models().find(({data}) => data?.attributes?.label === "Active run").data
  const status = () => models().find(({text}) => text?.includes?.("bp-status")).text
  const before = status(), begin = performance.now()
  const look = () => {
    if (status() === before || !Bokeh.documents[0].is_idle) setTimeout(look, 0)
    // After the next animation frame the plots are painted.
    else requestAnimationFrame(() => setTimeout(() => done(performance.now() - begin), 0))
  }
  list.setv({value: name})
  look()
})"""


def switch(page: Page, name: str) -> float:
    """Choose a run; return the milliseconds until it is painted."""
    milliseconds = page.evaluate(CHOOSE, name)
    page.wait_for_timeout(SETTLE_MS)
    return milliseconds


def main() -> None:
    """Measure and print."""
    equal, other = [], []
    with served("benchmarks/apps/depths.py") as (url, _), browser() as chromium:
        page = opened(chromium, url)
        for round_ in range(ROUNDS + 1):
            to_equal = switch(page, "as deep")
            to_others = [switch(page, "flatter"), switch(page, "run 1")]
            if round_:  # at first the flatter network's heatmaps are made
                equal.append(to_equal)
                other += to_others
    equal_ms, other_ms = (np.quantile(each, [0.5, 0.95]) for each in (equal, other))
    print(f"to a run of equal depth: {equal_ms[0]:.0f} ms, p95 {equal_ms[1]:.0f} ms")
    print(f"to a run of another depth: {other_ms[0]:.0f} ms, p95 {other_ms[1]:.0f} ms")
    print(f"ratio of the medians {other_ms[0] / equal_ms[0]:.2f}")


if __name__ == "__main__":
    main()
