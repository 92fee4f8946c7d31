"""The page in a window without room for the map and both drawers beside it."""

import pytest
from playwright.sync_api import expect

from tests.ui.browsing import at_rest, choose_fault, press
from tests.ui.test_phone import WIDER

SETTINGS, EXPLANATION = "Learning rate", "Click a cell"

RESIZED = """async () => {
  const [view] = [...Bokeh.index.query(({model}) => model.name === "W2")]
  let top = view, passes = 0
  while (top.is_managed) top = top.parent
  const {measure_layout} = top
  top.measure_layout = function() { passes += 1; measure_layout.call(this) }
  for (let times = 0; times < 20; times++) view._after_resize()
  const at_once = passes
  for (let frames = 0; frames < 2; frames++) await new Promise(requestAnimationFrame)
  delete top.measure_layout
  return [at_once, passes]
}"""
"""How often a layout is computed for twenty resizes of a frame: at once, and with the next."""


@pytest.fixture
def narrow_page(used_page):
    """Return the shared page in a narrow window."""
    before = used_page.viewport_size
    used_page.set_viewport_size({"width": 1000, "height": 700})
    expect(used_page.get_by_label(SETTINGS, exact=True)).to_be_hidden()
    yield used_page
    used_page.set_viewport_size(before)
    expect(used_page.get_by_label(SETTINGS, exact=True)).to_be_visible()


def test_a_narrow_window_closes_the_settings_and_keeps_the_explanation(narrow_page):
    expect(narrow_page.get_by_text(EXPLANATION)).to_be_visible()
    assert narrow_page.evaluate(WIDER) == []


def test_settings_that_are_opened_in_a_narrow_window_close_the_explanation(narrow_page):
    press(narrow_page, "Open drawer")
    expect(narrow_page.get_by_label(SETTINGS, exact=True)).to_be_visible()
    expect(narrow_page.get_by_text(EXPLANATION)).to_be_hidden()


def test_the_controls_of_a_narrow_window_stand_between_its_edge_and_the_tabs(narrow_page):
    button = at_rest(narrow_page.get_by_role("button", name="Run Batch", exact=True))
    status = at_rest(narrow_page.locator(".bp-status"))
    bar = at_rest(narrow_page.get_by_role("tab", name="Network", exact=True))
    assert button["y"] >= 4
    assert button["y"] + button["height"] <= status["y"]
    assert status["y"] + status["height"] <= bar["y"]
    expect(narrow_page.get_by_text("backprop panel", exact=True)).to_be_hidden()


def test_the_sentence_of_a_fault_stands_above_the_timeline(narrow_page):
    press(narrow_page, "Open drawer")
    choose_fault(narrow_page, "Gradient not divided by the batch size")
    try:
        press(narrow_page, "Open contextbar")
        press(narrow_page, "Run Batch")
        sentence = at_rest(narrow_page.locator(".bp-by-hand").filter(has_text="not divided"))
        foot = at_rest(narrow_page.get_by_role("button", name="Back to now"))
        assert sentence["y"] + sentence["height"] <= foot["y"]
    finally:
        narrow_page.set_viewport_size({"width": 1280, "height": 800})
        choose_fault(narrow_page, "None")


def test_the_resizes_of_a_frame_lay_the_page_out_at_the_first_and_after_the_last(used_page):
    at_once, passes = used_page.evaluate(RESIZED)
    assert at_once <= 1 and passes >= at_once + 1
    assert passes <= 3  # a resize of the page's own may come between


def test_a_plot_that_is_still_being_built_is_not_measured(used_page):
    used_page.evaluate(
        """() => {
          const [view] = [...Bokeh.index.query(({model}) => model.name === "timeline")]
          const {layout} = view
          view.layout = undefined
          try { view._measure_layout() } finally { view.layout = layout }
        }"""
    )
