"""The page for those who see little, use no mouse, or listen; and for those who sit far away."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.base import AXE_SCRIPT
from PIL import Image
from playwright.sync_api import expect
from stores import wait_until

from tests.ui.browsing import (
    TABS,
    at_rest,
    boxes,
    choose,
    expect_drawn,
    expect_step,
    numbers,
    on_screen,
    press,
    same_run,
    show_tab,
    tooltip,
    window,
)

LEGIBILITY = (Path(__file__).parent / "legibility.js").read_text(encoding="utf-8")
SMALLEST = 11

# Only the rule about a screen's orientation reads the style sheets, which are fetched anew for it.
BARRIERS = """async (rules) => {
  const options = {resultTypes: ["violations"], selectors: false, preload: false, ...rules}
  const {violations} = await axe.run(document, options)
  return violations.filter(({impact}) => ["serious", "critical"].includes(impact))
    .flatMap(({id, nodes}) => nodes.map(({html}) => `${id}: ${html.slice(0, 200)}`))
}"""

ORIENTATION = {"runOnly": ["css-orientation-lock"], "preload": True}

FOCUSED = """() => {
  let element = document.activeElement
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement
  const marks = []
  for (let each = element; each; each = each.parentElement) {
    const {outlineStyle, outlineWidth} = getComputedStyle(each)
    if (outlineStyle !== "none") marks.push(parseFloat(outlineWidth))
    // A field has a thicker border instead.
    const border = each.querySelector?.(":scope > .MuiOutlinedInput-notchedOutline")
    if (border) marks.push(parseFloat(getComputedStyle(border).borderTopWidth))
    if (each.matches(".MuiInputBase-root, .MuiButtonBase-root, .MuiSlider-root")) break
  }
  const name = element.getAttribute("aria-label") ?? element.textContent.trim() ?? element.tagName
  return [name || element.id, Math.max(0, ...marks)]
}"""


def heatmap(page, name):
    return page.get_by_role("application", name=re.compile(f"^{name}, "))


@pytest.fixture
def light_page(used_page):
    """Return the used page, which is light again after the test and is not presented."""
    yield used_page
    if used_page.get_by_role("dialog").count():
        used_page.keyboard.press("Escape")
    used_page.set_viewport_size({"width": 1280, "height": 800})
    if used_page.locator("html[data-presenting]").count():
        used_page.keyboard.press("p")
    if is_dark(used_page):
        press(used_page, "Toggle theme")


def expect_rest(page):
    """Wait until no colour is on its way to another: what is read in between says nothing."""
    page.wait_for_function(
        """() => {
          const inside = (root) => [...root.querySelectorAll("*")].map((each) => each.shadowRoot)
          // One that follows what is scrolled runs for ever.
          const runs = ({playState, timeline}) =>
            playState === "running" && timeline === document.timeline
          const moving = (root) =>
            root.getAnimations().some(runs) || inside(root).filter(Boolean).some(moving)
          return !moving(document)
        }"""
    )


def is_dark(page):
    return page.locator(".page.mui-dark").count() > 0


def states(page) -> Iterator[str]:
    """Show all tabs, an explanation and slow motion, in turn."""
    press(page, "Run Full Epoch")
    expect_step(page, 16, epoch=1)
    for tab, text in TABS.items():
        show_tab(page, tab)
        expect(page.get_by_text(text).filter(visible=True).last).to_be_visible()
        chosen = page.get_by_role("tab", name=tab, exact=True)
        expect(chosen).to_have_attribute("aria-selected", "true")
        expect_drawn(page)
        expect_rest(page)
        yield tab
    page.mouse.click(*on_screen(page, "dW2", 17, -3))
    expect(page.get_by_role("heading", name="dW2[3, 17]", exact=True)).to_be_visible()
    yield "explanation"
    press(page, "Slow motion")
    expect(page.get_by_role("group", name="Phases")).to_be_visible()
    yield "slow motion"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_tab_is_legible_and_has_no_barrier(light_page, theme):
    if theme == "dark":
        press(light_page, "Toggle theme")
        expect(light_page.locator(".page.mui-dark")).to_be_attached()
        light_page.mouse.move(640, 400)  # off the button, whose own name would be in the way
        expect(light_page.locator(".MuiTooltip-popper")).to_have_count(0)
        # What has the page's own colour takes it last.
        tab = light_page.get_by_role("tab", name="Network", exact=True)
        expect(tab).to_have_css("color", "rgb(140, 158, 255)")
    # In the dark only colours are others.
    rules = {"runOnly": ["color-contrast"]} if theme == "dark" else {}
    light_page.evaluate(AXE_SCRIPT)
    found = {
        state: light_page.evaluate(LEGIBILITY, [SMALLEST]) + light_page.evaluate(BARRIERS, rules)
        for state in states(light_page)
    }
    if theme == "light":  # all tabs have brought their style sheets by now
        found["orientation"] = light_page.evaluate(BARRIERS, ORIENTATION)
    assert {state: texts for state, texts in found.items() if texts} == {}


def test_arrows_move_a_cursor_that_is_shown_and_said_as_the_hover(light_page):
    run = same_run()
    record = run.trainer.engine.look()
    w2 = heatmap(light_page, "W2")
    expect(w2).to_have_accessible_name("W2, weights and biases, 33 rows by 32 columns")
    w2.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        w2.press(key)
    aloud = light_page.locator(".bp-said-aloud")
    expect(aloud).to_contain_text("W2[1, 1] = ")
    assert boxes(light_page, "W2") == boxes(light_page, "dW2") == [[0.5, 1.5, -0.5, -1.5]]
    said = numbers(aloud.text_content())
    assert float(said["W2[1, 1]"]) == pytest.approx(record.weights[1][1, 1], rel=5e-6)
    assert float(said["dW2[1, 1]"]) == pytest.approx(record.weight_gradients[1][1, 1], rel=5e-6)
    w2.press("Control+End")
    expect(aloud).to_contain_text("b2[31] = ")
    w2.press("Escape")
    expect(light_page.locator(".bk-Tooltip")).to_have_count(0)
    expect(w2).not_to_be_focused()


def test_enter_explains_the_cell_under_the_cursor(light_page):
    dw2 = heatmap(light_page, "dW2")
    dw2.focus()
    for key in ("ArrowRight", "ArrowRight", "Enter"):
        dw2.press(key)
    expect(light_page.get_by_role("heading", name="dW2[0, 1]", exact=True)).to_be_visible()


@pytest.mark.parametrize("row", [10, 31])
def test_keys_go_on_from_the_cell_that_was_clicked(light_page, row):
    light_page.mouse.click(*on_screen(light_page, "W2", 16, -row))
    expect(light_page.get_by_role("heading", name=f"W2[{row}, 16]", exact=True)).to_be_visible()
    for key in ("ArrowDown", "ArrowRight", "Enter"):
        light_page.keyboard.press(key)
    below = f"W2[{row + 1}, 17]" if row < 31 else "b2[17]"
    expect(light_page.get_by_role("heading", name=below, exact=True)).to_be_visible()


def test_a_heatmap_is_described_by_its_range_and_largest_cell(light_page):
    weights = same_run().model.weights[1]
    w2 = heatmap(light_page, "W2")
    w2.focus()
    row, column = np.unravel_index(np.abs(weights).argmax(), weights.shape)
    expect(w2).to_have_attribute("aria-description", re.compile("^From "))
    said = w2.get_attribute("aria-description")
    assert f"row {row}, column {column}. " in said
    low, high = map(float, re.match(r"From (\S+) to (\S+); ", said).groups())
    assert (low, high) == pytest.approx((weights.min(), weights.max()), rel=5e-6)


def test_a_heatmap_has_its_numbers_in_a_table(light_page):
    heatmap(light_page, "W3").focus()
    light_page.keyboard.press("t")
    dialog = light_page.get_by_role("dialog", name="W3")
    rows = dialog.get_by_role("row")
    expect(rows).to_have_count(34)  # a head, 32 rows of weights, the bias
    shown = [float(text) for text in rows.nth(4).get_by_role("cell").all_inner_texts()[1:]]
    assert shown == pytest.approx(same_run().model.weights[2][3].tolist(), rel=5e-6)
    press(light_page, "Close")
    expect(dialog).to_have_count(0)


MANY_POINTS = """() => [...Bokeh.index.query(({model}) => model.name === "loss")]
  .flatMap(({model}) => model.renderers)
  .flatMap(({data_source}) => Object.values(data_source.data))
  .some((column) => [...column].some((part) => typeof part === "object" && part?.length > 100))
"""


def test_a_curve_has_its_numbers_in_a_table_of_200_rows_at_most(light_page):
    press(light_page, "Play")
    expect(light_page.locator(".bp-status")).to_have_text(re.compile(r"^step (\d,\d|[3-9])\d\d "))
    press(light_page, "Pause")
    show_tab(light_page, "Loss")
    expect(light_page.get_by_text(TABS["Loss"])).to_be_visible()
    expect_drawn(light_page)
    light_page.wait_for_function(MANY_POINTS)  # fewer before the plot knows its width
    plot = light_page.get_by_role("img", name="loss of the compared runs over their steps")
    plot.focus()
    expect(plot).to_have_attribute("aria-description", re.compile("^run 1.*: from "))
    plot.press("t")
    dialog = light_page.get_by_role("dialog", name="loss of the compared runs over their steps")
    expect(dialog.get_by_text(re.compile(r"^\d+ of \d+ points, evenly spaced"))).to_be_visible()
    assert 100 < dialog.get_by_role("row").count() <= 201
    press(light_page, "Close")


def test_the_table_of_a_plot_without_axes_names_its_columns(light_page):
    light_page.get_by_role("img", name="timeline of the loss").press("t")
    dialog = light_page.get_by_role("dialog", name="timeline of the loss")
    expect(dialog.get_by_role("columnheader")).to_have_text(["", "step", "loss"])
    press(light_page, "Close")


@pytest.mark.parametrize("key", ["Enter", "Space", "ArrowDown", "ArrowUp"])
def test_a_select_field_opens_by_keyboard_and_takes_a_choice(light_page, key):
    field = light_page.get_by_role("combobox", name="Colour scale", exact=True)
    field.focus()
    light_page.keyboard.press(key)
    expect(light_page.get_by_role("listbox")).to_be_visible()
    light_page.keyboard.press("End")
    light_page.keyboard.press("Enter")
    expect(light_page.get_by_role("listbox")).to_have_count(0)
    expect(field).to_have_text("robust")
    expect(field).to_be_focused()
    choose(light_page, "Colour scale", "symmetric log")


def test_a_list_that_opens_by_keyboard_begins_at_the_entry_that_is_chosen(light_page):
    field = light_page.get_by_role("combobox", name="Optimizer", exact=True)
    expect(field).to_have_text("Adam")
    field.focus()
    light_page.keyboard.press("Enter")
    expect(light_page.get_by_role("menuitem", name="Adam", exact=True)).to_be_focused()
    light_page.keyboard.press("Enter")
    expect(light_page.get_by_role("listbox")).to_have_count(0)
    expect(field).to_have_text("Adam")


def test_space_scrolls_no_focused_plot_away(light_page):
    light_page.set_viewport_size({"width": 1280, "height": 400})
    for role, name in (("application", "W2, "), ("img", "timeline of the loss")):
        plot = light_page.get_by_role(role, name=re.compile(f"^{name}"))
        plot.focus()
        before = at_rest(plot)
        plot.press(" ")
        expect_drawn(light_page)
        assert at_rest(plot) == before


def test_what_has_the_focus_is_framed(light_page):
    light_page.locator("body").click(position={"x": 640, "y": 4})
    seen = {}
    for _ in range(40):
        light_page.keyboard.press("Tab")
        name, width = light_page.evaluate(FOCUSED)
        seen[name] = width
    assert len(seen) > 25
    assert {name: width for name, width in seen.items() if width < 2} == {}


def test_a_tooltip_covers_neither_its_heatmap_nor_the_explanation(light_page):
    right = light_page.locator(".bp-map:visible").bounding_box()
    for name, column in (("ŷ", 0), ("ŷ", 3), ("W2", 2), ("W2", 30), ("X", 3)):
        tooltip(light_page, name, 5, column)
        box = at_rest(light_page.locator(".bk-Tooltip"))
        plot = heatmap(light_page, name).bounding_box()
        beside = box["x"] >= plot["x"] + plot["width"] or box["x"] + box["width"] <= plot["x"]
        assert beside, name
        assert box["x"] + box["width"] <= right["x"] + right["width"], name


def test_a_tooltip_is_dark_on_a_dark_page(light_page):
    press(light_page, "Toggle theme")
    expect(light_page.locator(".page.mui-dark")).to_be_attached()
    tooltip(light_page, "W2", 5, 5)
    # The background of the page's own panels, once they have come out of their transition.
    expect(light_page.locator(".bk-Tooltip")).to_have_css("background-color", "rgb(18, 20, 23)")


def test_labels_of_rows_leave_room_for_each_other_in_a_low_window(light_page):
    light_page.set_viewport_size({"width": 1280, "height": 720})
    expect_drawn(light_page)
    left, top = on_screen(light_page, "X", -0.5, 0.5)
    bottom = on_screen(light_page, "X", 0, -31.5)[1]
    strip = {"x": left - 60, "y": top, "width": 56, "height": bottom - top}
    labels = []
    while not len(labels):  # a plot paints its labels after its cells
        image = np.asarray(Image.open(BytesIO(light_page.screenshot(clip=strip))).convert("L"))
        has_ink = (image < 180).any(axis=1)
        labels = np.flatnonzero(np.diff(has_ink.astype(int)) == 1)
    assert 10 < len(labels) < 32


def test_the_header_of_a_presentation_covers_no_tab(light_page):
    light_page.set_viewport_size({"width": 1280, "height": 720})
    light_page.locator("body").click(position={"x": 640, "y": 4})
    light_page.keyboard.press("p")
    header, tab = light_page.locator("header"), light_page.get_by_role("tab", name="Network")
    expect(light_page.get_by_role("img", name="timeline")).to_be_hidden()
    expect_drawn(light_page)
    light_page.wait_for_function(
        """([header, tab]) => {
          const end = header.getBoundingClientRect().bottom
          return tab.getBoundingClientRect().top >= end
        }""",
        arg=[header.element_handle(), tab.element_handle()],
    )
    legend = light_page.locator(".bp-legend", has_text="weights").first.bounding_box()
    assert legend["y"] + legend["height"] <= 720


def test_a_presentation_hides_the_bars_and_enlarges_cells_and_type(light_page):
    def cell():
        return on_screen(light_page, "W2", 1, 0)[0] - on_screen(light_page, "W2", 0, 0)[0]

    caption = light_page.locator(".bp-caption:visible").first
    before, height = cell(), caption.bounding_box()["height"]
    light_page.locator("body").click(position={"x": 640, "y": 4})
    light_page.keyboard.press("p")
    expect(light_page.get_by_label("Learning rate", exact=True)).not_to_be_in_viewport()
    expect(light_page.get_by_text("Click a cell")).not_to_be_in_viewport()
    expect(light_page.get_by_role("img", name="timeline")).to_be_hidden()
    wait_until(lambda: cell() > 1.4 * before)
    assert caption.bounding_box()["height"] > 1.3 * height
    before_zoom = window(light_page, "W2")
    light_page.keyboard.press("Escape")
    expect(light_page.get_by_label("Learning rate", exact=True)).to_be_in_viewport()
    wait_until(lambda: cell() == pytest.approx(before, abs=0.5))
    assert window(light_page, "W2") == before_zoom
