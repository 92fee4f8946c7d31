"""The header: where its title leads, and that no note is cut, however many lights burn."""

import re

import pytest
from playwright.sync_api import expect

from tests.ui.browsing import at_rest, choose_fault, on_screen, press

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


def test_the_title_leads_to_this_page_whatever_path_it_has(used_page):
    title = used_page.get_by_role("link", name="backprop panel")
    path = used_page.url.partition("?")[0]
    assert title.evaluate("(link) => link.href") == path + "?"


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


@pytest.fixture
def presented_page(used_page):
    """Return the shared page as it is presented, with the explanation of a number."""
    press(used_page, "Present")
    expect(used_page.locator("html[data-presenting]")).to_have_count(1)
    used_page.mouse.click(*on_screen(used_page, "dW2", 17, -3))
    expect(used_page.get_by_role("heading", name="dW2[3, 17]")).to_be_visible()
    yield used_page
    press(used_page, "Present")
    expect(used_page.locator("html[data-presenting]")).to_have_count(0)


def test_the_controls_of_a_presentation_stand_in_one_line(presented_page):
    button = at_rest(presented_page.get_by_role("button", name="Run Batch", exact=True))
    status = at_rest(presented_page.locator(".bp-status"))
    assert status["y"] < button["y"] + button["height"]


def test_the_equations_of_a_presentation_fit_into_the_explanation(presented_page):
    equations = presented_page.locator(".bp-inspector .bp-equation")
    expect(equations.locator("math")).to_have_count(2)
    for equation in equations.all():
        assert equation.evaluate("(box) => box.scrollWidth <= box.clientWidth")


def test_the_terms_of_a_sum_in_a_presentation_fit_into_the_explanation(presented_page):
    presented_page.set_viewport_size({"width": 1920, "height": 1080})
    try:
        press(presented_page, "Run Batch")
        presented_page.mouse.click(*on_screen(presented_page, "dW1", 17, -3))
        expect(presented_page.get_by_role("heading", name="dW1[3, 17]")).to_be_visible()
        table = presented_page.locator(".bp-inspector .bp-scroll")
        at_rest(table)
        assert table.evaluate("(box) => box.scrollWidth <= box.clientWidth")
    finally:
        presented_page.set_viewport_size({"width": 1280, "height": 800})
