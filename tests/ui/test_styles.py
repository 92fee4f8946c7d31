"""What laying out a page costs: which styles are written, and which are asked for."""

from tests.ui.browsing import expect_drawn

# The texts given to style sheets and the properties asked for while a page is laid out for the
# second time: something may have waited for the first.
LAID_OUT = """async () => {
  let [top] = [...Bokeh.index.query(({model}) => model.name === "W2")]
  while (top.parent?.invalidate_layout) top = top.parent
  top.invalidate_layout()
  await null  // answers last until what is done at a time is done
  const {prototype: node} = Node, {prototype: style} = CSSStyleDeclaration
  const text = Object.getOwnPropertyDescriptor(node, "textContent"), {getPropertyValue} = style
  const written = [], asked = []
  Object.defineProperty(node, "textContent", {...text, set(value) {
    if (this.nodeName === "STYLE") written.push(value)
    text.set.call(this, value)
  }})
  style.getPropertyValue = function(name) {
    if (name.startsWith("--bk-")) asked.push(name)
    return getPropertyValue.call(this, name)
  }
  top.invalidate_layout()
  Object.defineProperty(node, "textContent", text)
  style.getPropertyValue = getPropertyValue
  return [written, asked]
}"""


def test_a_layout_that_changes_nothing_writes_no_style_sheet(used_page):
    expect_drawn(used_page)
    written, _ = used_page.evaluate(LAID_OUT)
    assert written == []


def test_all_plots_of_a_layout_ask_for_a_style_property_once(used_page):
    expect_drawn(used_page)
    _, asked = used_page.evaluate(LAID_OUT)
    assert "--bk-major-label-text-color" in asked
    assert len(asked) == len(set(asked))
