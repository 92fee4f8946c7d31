"""The page in a phone's window, under fingers."""

import re

import pytest
from playwright.sync_api import expect

from tests.ui.browsing import (
    TABS,
    at_rest,
    expect_drawn,
    expect_step,
    on_screen,
    press,
    show_tab,
    window,
)
from tests.ui.conftest import FIRST_LOAD, WHOLE, new_context, new_page
from tests.ui.resetting import SHOW_ALL_CELLS

PHONE = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 1,
}

WIDER = """() => {
  const within = (element) => {
    for (let each = element; each; each = each.assignedSlot ?? each.parentNode ?? each.host)
      if (each.nodeType === Node.ELEMENT_NODE
          && /auto|scroll/.test(getComputedStyle(each).overflowX)
          && each.getBoundingClientRect().right <= innerWidth + 1) return true
  }
  const found = []
  const walk = (root) => {
    for (const each of root.querySelectorAll("*")) {
      const {left, right, width} = each.getBoundingClientRect()
      if (width && left < innerWidth && right > innerWidth + 1 && !within(each))
        found.push(`${each.tagName} ${each.className} to ${right}`)
      if (each.shadowRoot) walk(each.shadowRoot)
    }
  }
  walk(document)
  return document.documentElement.scrollWidth > innerWidth ? ["the page", ...found] : found
}"""

SCROLLED = """() => {
  for (let [each] = [...Bokeh.index.query(({model}) => model.name === "X")].map(({el}) => el);
       each; each = each.assignedSlot ?? each.parentNode ?? each.host)
    if (each.classList?.contains("main-content")) return each.scrollTop
}"""


@pytest.fixture(scope="module")
def phone_page(browser, server):
    context = new_context(browser, **PHONE)
    page = new_page(context)
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.goto(server.url, timeout=FIRST_LOAD)
    page.wait_for_function(WHOLE, timeout=FIRST_LOAD, polling=100)
    expect_drawn(page)
    yield page
    context.close()
    assert not page.errors


def fingers(page, *moves):
    """Put fingers down at the first of each finger's places, and move them to the others."""
    devtools = page.context.new_cdp_session(page)
    for step, places in enumerate(zip(*moves, strict=True)):
        points = [{"x": x, "y": y, "id": finger} for finger, (x, y) in enumerate(places)]
        kind = "touchMove" if step else "touchStart"
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    devtools.detach()


def line(start, end, steps=8):
    (x, y), (to_x, to_y) = start, end
    parts = [step / steps for step in range(steps + 1)]
    way = [(x + part * (to_x - x), y + part * (to_y - y)) for part in parts]
    return way + 12 * [end]  # at rest in the end: nothing scrolls on


def test_the_drawers_of_a_phone_are_closed_at_first(phone_page):
    expect(phone_page.get_by_role("button", name="Open drawer", exact=True)).to_be_visible()
    expect(phone_page.get_by_label("Learning rate", exact=True)).to_have_count(0)
    expect(phone_page.get_by_text("Click a cell")).to_have_count(0)


def test_nothing_is_wider_than_a_phone(phone_page):
    press(phone_page, "Run Full Epoch")
    expect_step(phone_page, 16, epoch=1)
    wider = {}
    for tab, text in TABS.items():
        show_tab(phone_page, tab)
        expect(phone_page.get_by_text(text).filter(visible=True).last).to_be_visible()
        expect_drawn(phone_page)
        wider[tab] = phone_page.evaluate(WIDER)
    assert {tab: found for tab, found in wider.items() if found} == {}


def test_a_phone_shows_each_gradient_below_its_value_in_one_column(phone_page):
    names = ("X", "dX", "W1", "dW1", "a1", "da1")
    places = [on_screen(phone_page, name, -0.5, 0.5) for name in names]
    tops = [y for _, y in places]
    assert tops == sorted(tops)
    assert max(x for x, _ in places[2:]) < 60


def test_one_finger_on_a_heatmap_scrolls_the_page(phone_page):
    before = window(phone_page, "X")
    start = on_screen(phone_page, "X", 8, -16)
    fingers(phone_page, line(start, (start[0], start[1] - 120)))
    phone_page.wait_for_function(f"({SCROLLED})() > 50")
    assert window(phone_page, "X") == before
    phone_page.evaluate(f"({SCROLLED.replace('return each.scrollTop', 'each.scrollTop = 0')})()")


def scrolled_at_rest(page):
    """Return how far the page is scrolled, once it scrolls no more."""
    return page.evaluate(
        f"""async () => {{
          const scrolled = {SCROLLED}
          let before, frames = 0
          while (frames < 20) {{
            await new Promise(requestAnimationFrame)
            frames = scrolled() === before ? frames + 1 : 0
            before = scrolled()
          }}
          return before
        }}"""
    )


def test_two_fingers_zoom_into_a_heatmap(phone_page):
    scrolled = scrolled_at_rest(phone_page)
    left, right = (on_screen(phone_page, "X", column, -16) for column in (6, 9))
    fingers(
        phone_page,
        line(left, (left[0] - 60, left[1])),
        line(right, (right[0] + 60, right[1])),
    )
    phone_page.wait_for_function(
        """() => {
          const [{model}] = [...Bokeh.index.query((view) => view.model.name === "X")]
          return model.x_range.end - model.x_range.start < 14
        }"""
    )
    assert phone_page.evaluate(SCROLLED) == scrolled
    phone_page.evaluate(SHOW_ALL_CELLS)


def test_a_tapped_cell_is_explained_in_a_sheet_that_closes(phone_page):
    phone_page.touchscreen.tap(*on_screen(phone_page, "X", 8, -8))
    heading = phone_page.get_by_role("heading", name=re.compile(r"^X\[8, \d+\]$"))
    expect(heading).to_be_visible()
    sheet = phone_page.locator(".MuiDrawer-paper.contextbar")
    expect(sheet).to_have_css("transform", "none")  # it has come in
    box = sheet.bounding_box()
    assert (box["x"], box["width"]) == (0, 390)
    expect(phone_page.get_by_role("button", name="Close", exact=True)).to_be_in_viewport()
    press(phone_page, "Close")
    expect(heading).to_be_hidden()


# How far the parts of the open tab reach, and where the timeline begins.
FOOT = """() => {
  const figures = [...Bokeh.index.query(({model}) => model.type === "Figure")]
    .filter(({el}) => el.checkVisibility())
  const foot = ({el}) => el.getBoundingClientRect().bottom
  const [timeline] = figures.filter(({model}) => model.name === "timeline")
  const others = figures.filter((each) => each !== timeline)
  return [Math.max(0, ...others.map(foot)), timeline.el.getBoundingClientRect().top]
}"""


@pytest.mark.parametrize("name", ["Data", "Health", "Loss", "Network"])
def test_the_timeline_stands_below_all_of_a_tab(phone_page, name):
    press(phone_page, "Run Batch")  # before the first step, a plot may be empty
    show_tab(phone_page, name)
    expect(phone_page.get_by_text(TABS[name]).first).to_be_visible()
    phone_page.wait_for_function(
        f"() => {{ const [lowest, begin] = ({FOOT})(); return 0 < lowest && lowest <= begin }}"
    )


def test_a_tap_presses_once(phone_page):
    phone_page.evaluate("""() => {
      window.clicks = {true: 0, false: 0}
      document.addEventListener("click", (event) => clicks[event.isTrusted]++, {capture: true})
    }""")
    for count in (1, 2, 3):
        phone_page.get_by_role("button", name="Run Batch", exact=True).tap()
        phone_page.wait_for_function("count => clicks[true] === count", arg=count)
    # One that the page made would have come before the finger's.
    assert phone_page.evaluate("clicks[false]") == 0


def test_the_buttons_of_a_finding_stand_below_its_sentence(phone_page):
    status = phone_page.locator(".bp-status")
    for _ in range(2):
        epoch = int(re.search(r"epoch (\d+)", status.inner_text()).group(1))
        press(phone_page, "Run Full Epoch")
        expect(status).to_contain_text(f"epoch {epoch + 1} ")
    show_tab(phone_page, "Health")
    # Of the first finding: there may be others.
    button = phone_page.get_by_role("button", name=re.compile("^Go to step ")).first
    expect(button).to_be_visible()
    sentence = at_rest(phone_page.locator(".bp-told").first)
    assert sentence["width"] > 300
    assert sentence["y"] + sentence["height"] <= at_rest(button)["y"]
