"""The Loss tab with fifty runs of a million steps: time to open it, and to move it.

Run it with ``python benchmarks/loss_tab.py``.
"""

from __future__ import annotations

import numpy as np
from serving import browser, opened, served

MOVES = 20

WATCH_CURVES = """() => {
  window.drawn = 0
  const sources = Bokeh.documents.flatMap((document) => [...document._all_models.values()])
    .filter((model) => model.type === 'ColumnDataSource' && model.data.xs)
  for (const source of sources) source.properties.data.change.connect(() => {
    if (source.data.xs.length > 2) requestAnimationFrame(() => window.drawn = performance.now())
  })
}"""

MOVE = """(share) => {
  const figures = [...Bokeh.index.query((view) => view.model.type === 'Figure'
    && view.model.x_range.type === 'DataRange1d' && view.el.offsetParent !== null)]
  const figure = figures.at(-1)
  const range = figure.model.x_range, width = range.end - range.start
  const x_range = {start: range.start + share * width, end: range.end + share * width}
  window.begin = performance.now()
  figure.frame.ranges ?? 0
  figure.update_range({xrs: new Map([['default', x_range]]), yrs: new Map()}, {panning: true})
}"""


def main() -> None:
    """Measure and print."""
    with served("benchmarks/apps/many_runs.py") as (url, _), browser() as chromium:
        page = opened(chromium, url)
        page.evaluate(WATCH_CURVES)
        page.evaluate("() => window.begin = performance.now()")
        page.get_by_role("tab", name="Loss", exact=True).click()
        page.wait_for_function("() => window.drawn > window.begin")
        print(f"opening: {page.evaluate('window.drawn - window.begin'):.0f} ms")
        page.wait_for_timeout(2000)
        seconds = []
        for number in range(MOVES):
            page.evaluate(MOVE, 0.05 if number % 2 else -0.05)
            page.wait_for_function("() => window.drawn > window.begin")
            seconds.append(page.evaluate("window.drawn - window.begin"))
            page.wait_for_timeout(200)
        p50, p95 = np.quantile(seconds, [0.5, 0.95])
        print(f"moving: {p50:.0f} ms, p95 {p95:.0f} ms")


if __name__ == "__main__":
    main()
