"""The notes of the toolbar: none of them is cut, however many lights burn."""

import re

import pytest
from playwright.sync_api import expect

from tests.ui.browsing import at_rest, choose_fault, press

# The lines of the status: their edges, and how much of each text is hidden.
LIGHTS = ("^Audit ✕ ", "^Doctor")

LINES = """() => ["bp-status", "bp-next", "bp-notes"].flatMap((name) => {
  const found = []
  const walk = (root) => {
    found.push(...root.querySelectorAll(`.${name}`))
    for (const each of root.querySelectorAll("*")) if (each.shadowRoot) walk(each.shadowRoot)
  }
  walk(document)
  return found.filter((each) => each.getClientRects().length).map((each) => {
    const {top, bottom, right} = each.getBoundingClientRect()
    return {name, top, bottom, right}
  })
})"""


@pytest.mark.parametrize("width", [1280, 1920, 390])
def test_a_fault_is_stated_below_both_lights(used_page, width):
    choose_fault(used_page, "Gradient not divided by the batch size")
    press(used_page, "Run Batch")
    lights = [
        used_page.locator("button", has_text=re.compile(name)) for name in ("^Audit ✕ ", "^Doctor")
    ]
    for light in lights:
        expect(light).to_be_visible()
    used_page.set_viewport_size({"width": width, "height": 800})
    try:
        fault = used_page.locator(".bp-notes .bp-fault")
        expect(fault).to_have_text("fault: Gradient not divided by the batch size")
        assert fault.evaluate("(each) => each.scrollWidth <= each.clientWidth")
        boxes = [at_rest(light) for light in lights]
        status, _, notes = used_page.evaluate(LINES)
        for box in boxes:
            assert status["bottom"] <= box["y"] + 1
            assert box["y"] + box["height"] <= notes["top"] + 1
        bar = used_page.get_by_role("tab", name="Network").bounding_box()
        assert notes["bottom"] <= bar["y"]
        assert notes["right"] <= width
    finally:
        used_page.set_viewport_size({"width": 1280, "height": 800})
        choose_fault(used_page, "None")
