"""Explanations: the time until one is on the screen, and the frames that it costs while playing.

A link in an explanation is followed, and a button on an otherwise empty page is pressed, in turn.
Run it with ``python benchmarks/explaining.py``.
"""

from __future__ import annotations

import numpy as np
from playwright.sync_api import Page
from serving import COUNT_FRAMES, ELEMENTS, answer, beside_one_button, opened, press

ROUNDS = 30
BLOCKS = 12
BLOCK_SECONDS = 4.0
NUMBER = ("dW2", 3, 17)
WIDE = "hidden_dimension=1024&batch_size=512&num_samples=1024"

ON_SCREEN = """([name, row, column]) => {
  const [view] = [...Bokeh.index.query((each) => each.model.name === name)]
  const box = view.el.getBoundingClientRect()
  return [box.x + view.frame.x_scale.compute(column), box.y + view.frame.y_scale.compute(-row)]
}"""


def explain(page: Page) -> None:
    """Choose a number on the map, and follow one of its terms."""
    page.mouse.click(*page.evaluate(ON_SCREEN, list(NUMBER)))
    name, row, column = NUMBER
    page.get_by_text(f"{name}[{row}, {column}]").first.wait_for()
    page.locator(".bp-inspector td button.bp-link").first.click()
    page.locator(".bp-inspector nav").wait_for()


def compare_answers(page: Page, bare: Page, what: str) -> None:
    """Print how long explanations and empty presses take."""
    explain(page)
    explained, pressed = [], []
    for _ in range(ROUNDS):
        # Back by the path, and to the term again by its link.
        explained.append(answer(page, ".bp-path button.bp-link", ".bp-inspector h3"))
        explained.append(answer(page, ".bp-inspector td button.bp-link", ".bp-inspector h3"))
        pressed += [answer(bare, ".MuiButton-root", "b.count") for _ in range(2)]
    for quantile, label in ((0.5, "median"), (0.95, "p95")):
        ours, empty = np.quantile(explained, quantile), np.quantile(pressed, quantile)
        print(f"{what}, {label}: {ours:.0f} ms against {empty:.0f} ms, {ours / empty:.2f}")


def frames_while_playing(page: Page) -> float:
    """Play for a while; return the frames a second."""
    press(page, "Play")
    page.wait_for_timeout(1000)
    before = page.evaluate("window.frames")
    page.wait_for_timeout(BLOCK_SECONDS * 1000)
    frames = (page.evaluate("window.frames") - before) / BLOCK_SECONDS
    press(page, "Pause")
    page.get_by_role("button", name="Play", exact=True).wait_for()
    return frames


def explanations_while_playing(page: Page) -> float:
    """Play for a while; return how often a second the explanation changes."""
    press(page, "Play")
    page.wait_for_timeout(1000)
    changes = page.evaluate(
        """(milliseconds) => new Promise((resolve) => {
          let changes = 0
          const box = ELEMENTS(document).find((each) =>
            each.matches('.bp-inspector') && each.querySelector('h3'))
          const observer = new MutationObserver(() => { changes += 1 })
          observer.observe(box, {childList: true, subtree: true, characterData: true})
          setTimeout(() => { observer.disconnect(); resolve(changes) }, milliseconds)
        })""".replace("ELEMENTS", ELEMENTS),
        BLOCK_SECONDS * 1000,
    )
    press(page, "Pause")
    page.get_by_role("button", name="Play", exact=True).wait_for()
    return changes / BLOCK_SECONDS


def main() -> None:
    """Measure and print."""
    with beside_one_button() as (url, chromium, bare):
        page = opened(chromium, url)
        press(page, "Run Batch")
        page.wait_for_timeout(500)
        compare_answers(page, bare, "an explanation against an empty press")
        page.evaluate(COUNT_FRAMES)
        with_it, without = [], []
        for _ in range(BLOCKS):
            with_it.append(frames_while_playing(page))
            press(page, "Deselect")
            page.wait_for_timeout(300)
            without.append(frames_while_playing(page))
            explain(page)
        ours, empty = np.median(with_it), np.median(without)
        print(f"frames while playing: {ours:.1f} against {empty:.1f} without, {ours / empty:.2f}")
        print(f"explanations a second while playing: {explanations_while_playing(page):.1f}")
        page.close()
        wide = opened(chromium, f"{url}?{WIDE}")
        compare_answers(wide, bare, "at width 1024 and batch 512")


if __name__ == "__main__":
    main()
