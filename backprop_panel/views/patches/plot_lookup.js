// The view of the plot that has the focus as a key is pressed; nothing elsewhere.
function plot_at(event) {
  const element = event.composedPath()[0]
  if (!element.classList?.contains("bk-Figure")) return
  return [...Bokeh.index.query((view) => view.el === element)][0]
}

function plot_named(name) {
  return [...Bokeh.index.query(({model}) => model.name === name)][0]
}

// The text of the tooltip that is shown for the cell pointed at.
function tooltip_text() {
  const [tooltip] = document.querySelectorAll(".bk-Tooltip")
  return tooltip?.shadowRoot.querySelector(".bk-tooltip-content")?.innerText.trim() ?? ""
}
