function skip_unchanged_style_sheets() {
  const sheets = Bokeh.require("core/dom").InlineStyleSheet.prototype
  if (sheets.skips_unchanged) return
  const layouts = Bokeh.require("models/layouts/layout_dom").LayoutDOMView.prototype
  const {_update} = sheets, {update_layout} = layouts
  let held = null  // the texts that a layout has given its style sheets so far
  const write = (sheet, css) => { if (sheet.el.textContent !== css) _update.call(sheet, css) }
  sheets._update = function(css) {
    if (held) held.set(this, css)
    else write(this, css)
  }
  Object.defineProperty(sheets, "css", {get() { return held?.get(this) ?? this.el.textContent }})
  layouts.update_layout = function() {
    if (held) return update_layout.call(this)
    held = new Map()
    try {
      update_layout.call(this)
    } finally {
      const texts = held
      held = null
      for (const [sheet, css] of texts) write(sheet, css)
    }
  }
  sheets.skips_unchanged = true
}
