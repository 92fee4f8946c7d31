// Keys, names and tables of the plots in a page: one listener for all of them, none for a frame.

const STEPS = {left: [0, -1], right: [0, 1], up: [-1, 0], down: [1, 0]}

// The cells of a heatmap's plot; nothing for another plot.
function cells_of({model}) {
  const shown = model.renderers.find(({data_source}) => data_source?.data.first_row)
  if (!shown) return
  const {data_source: source} = shown, {data} = source
  const has_bias = data.image.length > 1
  return {
    name: source.name, source, data, has_bias,
    rows: data.rows[0] + has_bias,
    columns: Math.round(model.x_range.reset_end + 0.5),
    // The bias stands below a gap, the last row in any case at the lower end.
    y: (row) => has_bias && row === data.rows[0] ? model.y_range.reset_start + 0.5 : -row,
  }
}

const exact = (number) => Number.isFinite(number) ? `${Number(number.toPrecision(6))}` : "not finite"

// Range and largest number of a heatmap, in a sentence.
function describe_cells({source, data}) {
  const of_errors = source.tags.includes("relative error")
  let low = Infinity, high = -Infinity, most = [-1, 0, 0, 0]
  for (const [part, image] of data.image.entries()) {
    const width = image.shape[1]
    image.forEach((value, at) => {
      if (!Number.isFinite(value) || of_errors && value < 0) return  // a cell without an error
      if (value < low) low = value
      if (value > high) high = value
      if (Math.abs(value) > most[0]) most = [Math.abs(value), value, part, at, width]
    })
  }
  if (most[0] < 0) return "No number of it is finite."
  const [, value, part, at, width] = most
  const column = data.first_column[part] + data.column_block[part] * (at % width)
  const row = data.first_row[part] + data.row_block[part] * Math.floor(at / width)
  const place = part ? `row ${data.rows[0]}, column ${column}` : `row ${row}, column ${column}`
  return `From ${exact(low)} to ${exact(high)}; the largest in size is ${exact(value)}, in ${place}. ` +
    "Arrow keys go through the cells, Enter selects one, T shows a table, Escape leaves."
}

// Which lines a plot shows, and where they end, in a sentence.
function describe_lines(view) {
  const lines = lines_of(view)
  if (!lines.length) return "Nothing is drawn yet. T shows a table."
  const said = lines.slice(0, 8).map(({label, xs, ys}) => {
    const finite = ys.filter(Number.isFinite)
    if (!finite.length) return `${label}: no finite number`
    return `${label}: from ${exact(ys[0])} to ${exact(ys.at(-1))}, at ${exact(xs[0])} to ${exact(xs.at(-1))}`
  })
  const more = lines.length > 8 ? `; and ${lines.length - 8} more` : ""
  return `${said.join("; ")}${more}. T shows a table.`
}

function live_region() {
  const region = document.createElement("div")
  region.setAttribute("aria-live", "polite")
  region.className = "bp-said-aloud"
  region.style.cssText = "position: absolute; top: 0; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%)"
  return region
}

// Moves a range of an axis so that a place is in sight.
function bring_into_sight(range, at) {
  const margin = 0.5
  const beyond = at - margin < range.start ? at - margin - range.start
    : at + margin > range.end ? at + margin - range.end : 0
  if (beyond) range.setv({start: range.start + beyond, end: range.end + beyond})
}

const clamp = (at, length) => Math.max(0, Math.min(length - 1, at))

class CellCursor {
  constructor(region) {
    Object.assign(this, {region, view: null, row: 0, column: 0})
  }

  enter(view) {
    if (this.view === view) return
    this.leave()
    Object.assign(this, {view, row: 0, column: 0, shown: false, begun: false})
  }

  // The cell that was clicked: keys go on from there.
  begin_at(x, y) {
    const {rows, columns, y: y_of} = cells_of(this.view)
    const distances = [...Array(rows).keys()].map((row) => Math.abs(y_of(row) - y))
    this.row = distances.indexOf(Math.min(...distances))
    this.column = clamp(Math.round(x), columns)
    this.begun = true
  }

  leave() {
    if (this.shown) this.view.point_nowhere()
    Object.assign(this, {view: null, shown: false})
    this.region.textContent = ""
  }

  press(action, {ctrlKey}) {
    const cells = cells_of(this.view), {rows, columns} = cells
    const page = Math.max(1, Math.round(rows / 4))
    if (action in STEPS) {
      const [down, across] = this.shown || this.begun ? STEPS[action] : [0, 0]
      this.row = clamp(this.row + down, rows)
      this.column = clamp(this.column + across, columns)
    } else if (action === "first column") {
      this.column = 0
      if (ctrlKey) this.row = 0
    } else if (action === "last column") {
      this.column = columns - 1
      if (ctrlKey) this.row = rows - 1
    } else if (action === "page up") this.row = clamp(this.row - page, rows)
    else if (action === "page down") this.row = clamp(this.row + page, rows)
    else if (action === "select") return this.select(cells)
    else return false
    this.show(cells)
    return true
  }

  show(cells) {
    const {view, column} = this, {x_range, y_range} = view.model
    const y = cells.y(this.row)
    bring_into_sight(x_range, column)
    bring_into_sight(y_range, y)
    view.point_at(column, y)
    this.shown = true
    requestAnimationFrame(() => { if (this.view === view) this.region.textContent = tooltip_text() })
  }

  select(cells) {
    if (!this.shown) this.show(cells)
    this.view.tap_on(this.column, cells.y(this.row))
    return true
  }
}

export function render() {
  const region = live_region(), cursor = new CellCursor(region), table = new PlotTable()
  document.body.append(region)

  const focused = ({detail: view}) => {
    const cells = cells_of(view)
    view.el.setAttribute("aria-description", cells ? describe_cells(cells) : describe_lines(view))
    if (cells) cursor.enter(view)
  }
  const pointed = ({detail: {view, x, y}}) => {
    if (!cells_of(view)) return
    cursor.enter(view)
    cursor.begin_at(x, y)
  }
  const blurred = ({detail: view}) => { if (cursor.view === view) cursor.leave() }
  const pressed = (event) => {
    if (event.altKey || event.metaKey) return
    const view = plot_at(event)
    if (!view) return
    const action = action_of(event, IN_PLOT)
    if (action === "leave") {
      const was_shown = cursor.shown
      view.el.blur()
      if (!was_shown) return
    } else if (action === "table" && !event.ctrlKey) table.show(view)
    // A space would scroll the page, also from a plot without cells.
    else if (!(cells_of(view) && (cursor.enter(view), cursor.press(action, event))) && event.key !== " ") return
    event.preventDefault()
    event.stopPropagation()
  }
  const clicked = (event) => {
    const button = event.composedPath()[0]?.closest?.("[data-table]")
    if (!button) return
    const view = plot_named(button.dataset.table)
    if (view) table.show(view)
  }
  const listeners = {"bp-focus": focused, "bp-blur": blurred, "bp-click": pointed, keydown: pressed, click: clicked}
  for (const [name, listener] of Object.entries(listeners)) document.addEventListener(name, listener, true)
  return document.createElement("span")
}
