"""Time to import the manager of runs, to the first heatmap beside a bare page, to the sidebars.

Run it with ``python benchmarks/opening.py``.
"""

from __future__ import annotations

import subprocess
import sys
import time
from statistics import median

from serving import ROOT, browser, served

BLOCKS = 7

PAUSE = 2.0
"""Seconds in which the server forgets a page that was closed."""

IMPORT = """
import time
begin = time.perf_counter()
from backprop_panel import TrainingRunManager
print(time.perf_counter() - begin)
"""

DRAWN = """() => window.Bokeh
  && [...Bokeh.index.query((view) => view.model.type === 'Figure' && view._render_count > 0)].length
    >= FIGURES"""

SIDEBARS = ("Learning rate", "Find")
"""A field of the left sidebar, and one of the right one."""


def import_seconds() -> float:
    """Return the time that a fresh interpreter takes to import the manager of runs."""
    output = subprocess.run(
        [sys.executable, "-c", IMPORT], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return float(output.stdout)


def main() -> None:
    """Measure and print."""
    imports = [import_seconds() for _ in range(BLOCKS)]
    print(f"from backprop_panel import TrainingRunManager: {median(imports):.3f} s")
    seconds: dict[str, list[float]] = {"workbench": [], "bare page": []}
    whole: dict[str, list[float]] = {"workbench": [], "bare page": []}
    usable: list[float] = []
    with (
        served("apps/main.py") as (workbench, _),
        served("benchmarks/apps/bare.py") as (bare, _),
        browser() as chromium,
    ):
        context = chromium.new_context(viewport={"width": 1280, "height": 800})
        for block in range(BLOCKS + 1):
            for name, url, figures in (("workbench", workbench, 15), ("bare page", bare, 1)):
                page = context.new_page()
                begin = time.perf_counter()
                page.goto(url)
                page.wait_for_function(DRAWN.replace("FIGURES", "1"), timeout=60_000)
                if block:  # the first one fills the browser's cache
                    seconds[name].append(time.perf_counter() - begin)
                if block and name == "workbench":
                    for label in SIDEBARS:
                        page.get_by_label(label, exact=True).wait_for(timeout=60_000)
                    usable.append(time.perf_counter() - begin)
                # The server is to have done with this page before the next one is asked for.
                page.wait_for_function(DRAWN.replace("FIGURES", str(figures)), timeout=60_000)
                if block:
                    whole[name].append(time.perf_counter() - begin)
                page.close()
                time.sleep(PAUSE)
    shown = {name: median(times) for name, times in seconds.items()}
    for name, time_shown in shown.items():
        print(f"first heatmap, {name}: {time_shown:.2f} s; all plots {median(whole[name]):.2f} s")
    sidebars = median(usable) / shown["workbench"]
    print(f"both sidebars: {median(usable):.2f} s, {sidebars:.2f} of the first heatmap's time")
    print(f"ratio: {shown['workbench'] / shown['bare page']:.2f}")


if __name__ == "__main__":
    main()
