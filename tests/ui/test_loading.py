"""What stands in a tab until its view is drawn."""

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

IS_THERE_AND_LOADING = """() => {
  const view = (is_view) => [...Bokeh.index.query(({model}) => is_view(model))][0]
  const field = view(({data}) => data?.attributes?.label === "At step")
  const words = view(({data}) => data?.attributes?.words).shadow_el
  return field?.shadow_el.querySelector("input") && words.textContent.includes("Loading")
    && [...words.querySelectorAll("span")].some((each) => each.checkVisibility())
}"""
"""Whether the field of the tab is drawn, and the words that it is loading are still there."""


def test_a_tab_says_that_it_is_loading_until_its_view_is_drawn(page):
    page.evaluate(HOLD_UP)
    show_tab(page, "Difference")
    page.wait_for_function(IS_THERE_AND_LOADING, polling=30)
    page.evaluate("goOn()")
    expect(page.get_by_text("Loading …", exact=True)).to_be_hidden()
    expect(page.get_by_label("At step", exact=True)).to_be_visible()
