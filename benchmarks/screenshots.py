"""Draw the page from the running app: the README's two pictures, and every tab at every size.

Run it with ``python benchmarks/screenshots.py``. The README's pictures, light and dark and of few
colours, go into ``docs/``. The others, to be looked at after a change, go into ``screenshots/``.
"""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page
from serving import browser, opened, press, served
from tabs import open_tab

ROOT = Path(__file__).resolve().parent.parent
DOCS, ALL = ROOT / "docs", ROOT / "screenshots"
TABS = ("Network", "Loss", "Runs", "Data", "Health", "Difference", "Surface", "Sweep")
SIZES = ((1280, 720), (1280, 800), (1920, 1080), (390, 844))
THEMES = {"light": "default", "dark": "dark"}
COLOURS = 256
LOADING = "Loading …"
SELECTED = ("dW2", 3, 17)

ON_SCREEN = """([name, row, column]) => {
  const [view] = [...Bokeh.index.query((each) => each.model.name === name)]
  const box = view.el.getBoundingClientRect()
  return [box.x + view.frame.x_scale.compute(column), box.y + view.frame.y_scale.compute(-row)]
}"""


def prepare(page: Page) -> None:
    """Train two epochs and click a cell, so that every part of the page shows something."""
    for epoch in (1, 2):
        press(page, "Run Full Epoch")
        status = page.locator(".bp-status").filter(has_text=re.compile(f"epoch {epoch} "))
        status.wait_for()
    page.mouse.click(*page.evaluate(ON_SCREEN, list(SELECTED)))
    name, row, column = SELECTED
    page.get_by_text(f"{name}[{row}, {column}]").first.wait_for()
    page.mouse.move(860, 90)  # beside the tabs: over one, its help would cover the map
    page.wait_for_function("() => Bokeh.documents.every((document) => document.is_idle)")
    page.wait_for_timeout(1500)  # for the ripple of the last press


def save(page: Page, name: str) -> None:
    """Save what the page shows, with few colours: a README is fetched often."""
    picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
    # Other methods mix the colours of small tokens into those of the large heatmaps.
    few = picture.quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE)
    few.save(DOCS / name, optimize=True)


def save_all_tabs(page: Page, theme: str) -> None:
    """Save each tab at each size."""
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        for tab in TABS:
            open_tab(page, tab)
            page.get_by_text(LOADING, exact=True).first.wait_for(state="hidden")
            page.wait_for_function("() => Bokeh.documents.every((document) => document.is_idle)")
            page.wait_for_timeout(1500)  # for what is drawn after the view has come
            page.screenshot(path=ALL / f"{tab.lower()}-{width}x{height}-{theme}.png")


def main() -> None:
    """Draw all pictures."""
    for folder in (DOCS, ALL):
        folder.mkdir(exist_ok=True)
    with served("apps/main.py") as (url, _), browser() as chromium:
        for name, theme in THEMES.items():
            page = opened(chromium, f"{url}?theme={theme}")
            prepare(page)
            save(page, f"screenshot-{name}.png")
            save_all_tabs(page, name)
            page.close()


if __name__ == "__main__":
    main()
