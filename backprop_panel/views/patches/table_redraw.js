// Panel's own loop looks again as soon as the browser's tasks are done.
function rest_between_looks_at_tables() {
  const {default_view} = Bokeh.Models["panel.models.tabulator.DataTabulator"].prototype
  const tables = default_view.prototype
  if (tables.rests) return
  const {_flush_resize_when_root_ready: redraw_once_ready} = tables
  tables.rests = true
  tables._flush_resize_when_root_ready = async function() {
    const is_busy = () => this._is_scrolling || this._initializing || this.container === null
      || this.is_drawing || this._has_active_editor()
      || ![...this._initialized_stylesheets.values()].every((loaded) => loaded)
    while (this._resize_pending && is_busy()) await new Promise((go) => setTimeout(go, 100))
    return redraw_once_ready.call(this)
  }
}
