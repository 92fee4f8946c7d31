// What scrolls the rows of a table is no part of a grid; its rows take the focus themselves.
function focus_rows_of_tables() {
  const {default_view} = Bokeh.Models["panel.models.tabulator.DataTabulator"].prototype
  const tables = default_view.prototype
  if (tables.focused_by_row) return
  const {tableBuilt} = tables
  tables.focused_by_row = true
  tables.tableBuilt = function() {
    tableBuilt.call(this)
    this.shadow_el.querySelector(".tabulator-tableholder")?.removeAttribute("tabindex")
  }
}
