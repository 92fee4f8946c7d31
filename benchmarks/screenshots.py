"""Draw the README's pictures from the running app: light and dark, 1280 wide, few colours each.

Run it with ``python benchmarks/screenshots.py``; it writes into ``docs/``.
"""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page
from serving import browser, opened, press, served

DOCS = Path(__file__).resolve().parent.parent / "docs"
COLOURS = 128
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
    page.mouse.move(640, 90)
    page.wait_for_function("() => Bokeh.documents.every((document) => document.is_idle)")
    page.wait_for_timeout(1500)  # for the ripple of the last press


def save(page: Page, name: str) -> None:
    """Save what the page shows, with few colours: a README is fetched often."""
    picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
    picture.quantize(COLOURS).save(DOCS / name, optimize=True)


def main() -> None:
    """Draw both pictures."""
    DOCS.mkdir(exist_ok=True)
    with served("apps/main.py") as (url, _), browser() as chromium:
        for name, theme in (("light", "default"), ("dark", "dark")):
            page = opened(chromium, f"{url}?theme={theme}")
            prepare(page)
            save(page, f"screenshot-{name}.png")
            page.close()


if __name__ == "__main__":
    main()
