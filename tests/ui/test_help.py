"""The help of buttons, tabs and fields, on hover and on focus."""

import re

from playwright.sync_api import expect

from backprop_panel.views.panels.help_texts import help_texts
from tests.ui.browsing import at_rest, on_screen, press, show_tab

TABS = ("Network", "Loss", "Runs", "Data", "Health", "Difference", "Surface", "Sweep")

# Names that say it all, and what is named by the data.
NAMED = ("Toggle", "Copy", "Remove", "search", "Select", "What is sorted")

# The lights in the toolbar are named by what they tell.
LIGHTS = ("Step ", "The batch on the map", "At step ", "No fault was found", "The doctor has not")

# Kind and label of each control in sight, through all shadow trees.
CONTROLS = """() => {
  const found = [], at = (root) => {
    for (const each of root.querySelectorAll("*")) {
      if (each.shadowRoot) at(each.shadowRoot)
      if (!each.matches("button, [role=tab], [role=combobox], [role=slider], input, textarea"))
        continue
      const is_other = each.matches("[data-help], .bp-link, [type=hidden], [type=file]")
      if (is_other || !each.getClientRects().length) continue
      const by_id = (id) => each.getRootNode().getElementById?.(id)?.textContent.trim()
      const name = each.getAttribute("aria-label") || each.labels?.[0]?.textContent.trim()
        || (each.getAttribute("aria-labelledby") ?? "").split(" ").map(by_id).find(Boolean)
        || (each.matches("input, textarea") ? "" : each.textContent.trim())
      const kind = each.matches("[role=tab]") ? "tabs"
        : each.matches("button") ? "buttons" : "fields"
      if (name) found.push([kind, name])
    }
  }
  at(document)
  return found
}"""


def without_help(page):
    """Return the labels of visible controls of which no help is known."""
    texts = help_texts()
    starts = {
        kind: (*NAMED, *LIGHTS, *(key[:-1] for key in texts[kind] if key.endswith("…")))
        for kind in texts
    }
    controls = page.evaluate(CONTROLS)
    assert len(controls) > 30
    return {
        name
        for kind, name in controls
        if name not in texts[kind] and not name.startswith(starts[kind])
    }


def test_each_control_of_each_tab_has_help(used_page):
    for tab in TABS:
        show_tab(used_page, tab)
        assert without_help(used_page) == set(), tab


def test_each_control_of_the_inspector_has_help(used_page):
    used_page.mouse.click(*on_screen(used_page, "a1", 17, -3))
    expect(used_page.get_by_role("heading", name="a1[3, 17]", exact=True)).to_be_visible()
    assert without_help(used_page) == set()


def test_the_help_of_a_button_appears_under_the_pointer_and_disappears(used_page):
    used_page.get_by_role("button", name="Run Full Epoch", exact=True).hover()
    tip = used_page.get_by_role("tooltip").filter(has_text="end of the present epoch")
    expect(tip).to_be_visible()
    used_page.get_by_role("tab", name="Network", exact=True).hover()
    expect(tip).to_be_hidden()


def test_the_help_of_a_field_appears_with_the_focus_and_is_its_description(used_page):
    field = used_page.get_by_label("Learning rate", exact=True)
    field.focus()
    used_page.keyboard.press("Tab")
    tip = used_page.get_by_role("tooltip").filter(has_text="averaged for one step")
    expect(tip).to_be_visible()
    field = used_page.get_by_label("Batch size", exact=True)
    assert "In Python: batch_size." in field.get_attribute("aria-description")
    used_page.keyboard.press("Escape")
    expect(tip).to_be_hidden()


def test_the_help_of_a_heatmap_says_what_its_rows_and_columns_are(used_page):
    press(used_page, "Run Batch")
    used_page.get_by_text("W2", exact=True).first.hover()
    tip = used_page.get_by_role("tooltip").filter(has_text="from unit i below to unit j above")
    expect(tip).to_be_visible()


def test_what_a_light_says_stands_below_it_in_lines_of_many_words(used_page):
    light = used_page.locator("button", has_text=re.compile("^Doctor"))
    light.hover()
    tip = used_page.get_by_role("tooltip", name=light.get_attribute("aria-label"))
    expect(tip).to_be_visible()
    box, above = at_rest(tip.locator(".MuiTooltip-tooltip")), light.bounding_box()
    assert box["width"] > 120 and box["y"] >= above["y"] + above["height"] - 2
