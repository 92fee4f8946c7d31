"""The Loss tab with fifty runs of a million steps: time to open it, and to move it.

Run it with ``python benchmarks/loss_tab.py``.
"""

from __future__ import annotations

import numpy as np
from serving import browser, opened, served

MOVES = 20

RUNS = 50

OPEN = """(tab, runs) => new Promise((opened) => {
  const drawn = () => {
    const [view] = [...Bokeh.index.query(({model}) => model.name === 'loss')]
    if (view == null || view.model.renderers[0].data_source.data.xs.length < runs) return false
    window.view = view
    return Bokeh.documents.every((document) => document.is_idle)
  }
  const begin = performance.now()
  const look = () => drawn()
    ? requestAnimationFrame(() => opened(performance.now() - begin))
    : requestAnimationFrame(look)
  tab.click()
  look()
})"""
"""Opens the tab; tells in milliseconds when the curves of so many runs were drawn."""

MOVE = """(share) => new Promise((moved) => {
  const {view} = window, source = view.model.renderers[0].data_source
  const range = view.model.x_range, by = share * (range.end - range.start)
  const xrs = new Map([[range, {start: range.start + by, end: range.end + by}]])
  const before = source.data, begin = performance.now()
  const look = () => source.data === before
    ? requestAnimationFrame(look)
    : requestAnimationFrame(() => moved(performance.now() - begin))
  view.update_range({xrs, yrs: new Map()}, {panning: true})
  view.trigger_ranges_update_event()
  look()
})"""
"""Moves the plot as a drag does; tells in milliseconds when its curves were drawn anew."""


def main() -> None:
    """Measure and print."""
    with served("benchmarks/apps/many_runs.py") as (url, _), browser() as chromium:
        page = opened(chromium, url)
        opening = page.get_by_role("tab", name="Loss", exact=True).evaluate(OPEN, RUNS)
        print(f"opening, {RUNS} runs of a million steps: {opening / 1000:.2f} s")
        page.wait_for_timeout(2000)
        moves = []
        for number in range(MOVES):
            moves.append(page.evaluate(MOVE, 0.05 if number % 2 else -0.05))
            page.wait_for_timeout(200)
        p50, p95 = np.quantile(moves, [0.5, 0.95])
        print(f"moving: {p50:.0f} ms, p95 {p95:.0f} ms")


if __name__ == "__main__":
    main()
