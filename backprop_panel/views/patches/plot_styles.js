// Has plots take only those style properties from the page, and ask once for what is done at a time.
function take_few_styles(names) {
  const visuals = Bokeh.require("core/visuals/visual").VisualProperties.prototype
  if (visuals.takes_few) return
  const {_get_css_value} = visuals
  const known = new Set(names), answers = new Map()
  visuals._get_css_value = function(name) {
    const property = `${this.css_prefix}${name}`
    if (!known.has(property)) return ""
    if (!answers.size) queueMicrotask(() => answers.clear())
    if (!answers.has(property)) answers.set(property, _get_css_value.call(this, name))
    return answers.get(property)
  }
  visuals.takes_few = true
}
