"""What stays at the foot of a low window, and what scrolls above it."""

import re

import pytest
from playwright.sync_api import expect

from tests.ui.browsing import at_rest, expect_drawn, press, show_tab
from tests.ui.test_phone import SCROLLED

LOW = {"width": 1280, "height": 720}

# Whether a point of the screen shows something of the timeline.
SHOWS_TIMELINE = """([x, y]) => {
  const [view] = [...Bokeh.index.query(({model}) => model.css_classes?.includes?.("bp-foot"))]
  return view.el.contains(document.elementFromPoint(x, y).shadowRoot.elementFromPoint(x, y))
}"""


@pytest.fixture
def low_page(used_page):
    """Return the shared page in a low window."""
    before = used_page.viewport_size
    used_page.set_viewport_size(LOW)
    press(used_page, "Run Full Epoch")
    yield used_page
    used_page.set_viewport_size(before)


def scroll_down(page):
    """Turn the wheel over the open tab until all is scrolled by more than the margin above it."""
    page.mouse.move(800, 150)  # a list below scrolls by itself
    page.mouse.wheel(0, 300)
    page.wait_for_function(f"({SCROLLED})() > 60")


@pytest.mark.parametrize(("tab", "text"), [("Data", "Confusion"), ("Health", "Gradient norm")])
def test_the_timeline_stays_in_sight_while_a_tab_scrolls(low_page, tab, text):
    show_tab(low_page, tab)
    expect(low_page.get_by_text(text).first).to_be_visible()
    expect_drawn(low_page)
    slider = low_page.get_by_role("slider", name="Timeline", exact=True)
    before = at_rest(slider)
    assert before["y"] + before["height"] <= LOW["height"]
    scroll_down(low_page)
    assert abs(at_rest(slider)["y"] - before["y"]) < 10  # the room below the foot
    assert low_page.evaluate(SHOWS_TIMELINE, [580, before["y"] - 20])


def test_the_tabs_stay_in_sight_above_what_scrolls(low_page):
    show_tab(low_page, "Health")
    expect(low_page.get_by_text("Gradient norm").first).to_be_visible()
    expect_drawn(low_page)
    scroll_down(low_page)
    header = at_rest(low_page.locator(".MuiAppBar-root"))
    assert at_rest(low_page.get_by_role("tab", name="Loss", exact=True))["y"] >= header["height"]


# How far what is between the bars could be scrolled, and the whole page.
BEYOND = """() => {
  const {documentElement: page} = document
  let [content] = [...Bokeh.index.query(({model}) => model.name === "X")].map(({el}) => el)
  while (!content.classList?.contains("main-content"))
    content = content.assignedSlot ?? content.parentNode ?? content.host
  return [content, page].map((each) => each.scrollHeight - each.clientHeight)
}"""


def test_neither_the_map_nor_the_page_scrolls_in_a_low_window(low_page):
    show_tab(low_page, "Network")
    expect_drawn(low_page)
    low_page.wait_for_function(f"() => String(({BEYOND})()) === '0,0'")


def test_findings_stand_whole_and_scroll_with_the_tab(low_page):
    show_tab(low_page, "Health")
    expect(low_page.get_by_text(re.compile("Examined at step"))).to_be_visible()
    box = low_page.locator(".bp-findings")
    assert box.evaluate("(each) => each.scrollHeight <= each.clientHeight")
    assert box.evaluate("(each) => getComputedStyle(each).overflowY") == "visible"
