// What scrolls the rows of a table is no part of a grid; its rows take the focus themselves. A cell
// that takes the focus opens its editor: Shift+Tab from there would come back to the cell.
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
    const cell_of = ({target}) => {
      const cell = target.closest(".tabulator-cell")
      return cell === target ? null : cell
    }
    // In the phase before the table's own listeners, which may remove the editor.
    rows?.addEventListener("focus", (event) => {
      const cell = cell_of(event)
      if (cell?.matches(".tabulator-editing")) cell.setAttribute("tabindex", "-1")
    }, true)
    rows?.addEventListener("blur", (event) => {
      const cell = cell_of(event)
      if (cell?.getAttribute("tabindex") === "-1") cell.setAttribute("tabindex", "0")
    }, true)
  }
}
