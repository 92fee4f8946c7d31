"""What stands in a tab until its view begins to be drawn."""

from playwright.sync_api import expect

from tests.ui.browsing import show_tab

HOLD_UP = """() => {
  const [view] = [...Bokeh.index.query(({model}) => model.name === "timeline")]
  let type = Object.getPrototypeOf(view)
  while (Object.getPrototypeOf(type).has_finished) type = Object.getPrototypeOf(type)
  const {has_finished} = type
  type.has_finished = () => false
  window.goOn = () => { type.has_finished = has_finished }
}"""
"""Has Bokeh say of each view that it is not drawn yet, until `goOn` is called."""


def test_a_tab_says_that_it_is_loading_until_its_view_begins_to_be_drawn(page):
    page.evaluate(HOLD_UP)
    show_tab(page, "Difference")
    expect(page.get_by_label("At step", exact=True)).to_be_visible()
    loading = page.get_by_text("Loading …", exact=True)
    expect(loading).to_be_visible()
    page.evaluate("goOn()")
    expect(loading).to_be_hidden()
    expect(page.get_by_label("At step", exact=True)).to_be_visible()
