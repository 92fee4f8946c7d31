function skip_unchanged_style_sheets() {
  const sheets = Bokeh.require("core/dom").InlineStyleSheet.prototype
  if (sheets.skips_unchanged) return
  const {_update} = sheets
  sheets._update = function(css) { if (this.el.textContent !== css) _update.call(this, css) }
  sheets.skips_unchanged = true
}
