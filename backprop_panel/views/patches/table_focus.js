// What scrolls the rows of a table is no part of a grid; its rows take the focus themselves. A cell
// takes the focus to be edited, so that its editor could not be left backwards.
function focus_rows_of_tables() {
  const {default_view} = Bokeh.Models["panel.models.tabulator.DataTabulator"].prototype
  const tables = default_view.prototype
  if (tables.focused_by_row) return
  const {tableBuilt} = tables
  tables.focused_by_row = true
  tables.tableBuilt = function() {
    tableBuilt.call(this)
    this.shadow_el.querySelector(".tabulator-tableholder")?.removeAttribute("tabindex")
    const rows = this.shadow_el.querySelector(".tabulator-table")
    for (const [event, tabindex] of [["focus", -1], ["blur", 0]]) {
      const stop = ({target}) => {
        const cell = target.closest(".tabulator-cell.tabulator-editing")
        if (cell && cell !== target) cell.tabIndex = tabindex
      }
      rows?.addEventListener(event, stop, true)  // before the editor is gone
    }
  }
}
