// The numbers behind a plot, in a dialog; they are collected when it is opened.

const MOST_ROWS = 200, MOST_COLUMNS = 100

const TABLE_STYLE = `
  .bp-table { max-width: 92vw; max-height: 88vh; padding: 12px 16px; border-radius: 8px; border: 1px solid #8888;
    color: var(--panel-on-surface-color, black); background: var(--panel-surface-color, white);
    font: 13px/1.5 Roboto, Helvetica, Arial, sans-serif }
  .bp-table[open] { display: flex; flex-direction: column }
  .bp-table h2 { margin: 0 90px 4px 0; font-size: 15px }
  .bp-table p { margin: 0 0 8px }
  .bp-table div { overflow: auto }
  .bp-table table { border-collapse: collapse; font-variant-numeric: tabular-nums }
  .bp-table th, .bp-table td { padding: 1px 8px; text-align: right; white-space: nowrap; font-weight: 400 }
  .bp-table th { position: sticky; top: 0; font-weight: 700; background: var(--panel-surface-color, white) }
  .bp-table button { position: absolute; top: 10px; right: 12px; font: inherit; color: inherit; background: none;
    border: 1px solid #888; border-radius: 6px; padding: 2px 10px; cursor: pointer }
  .bp-table :focus-visible { outline: 2px solid var(--panel-primary-color, #3b5bdb); outline-offset: 1px }
`

// The lines and points of a plot: their labels, and their numbers.
function lines_of({model}) {
  const lines = [], beyond = model.tags.find(({name}) => name === "beyond the edges")?.data
  for (const {data_source, visible} of model.renderers) {
    const {xs, ys, label, x, y, text, loss, at_x, at_y} = data_source?.data ?? {}
    if (!visible) continue
    if (loss?.length) lines.push({label: "losses", xs: [...at_x[0]], ys: [...at_y[0]], texts: [...loss[0]].map((each) => `loss ${spelled(each)}`)})
    if (xs && label) [...label].forEach((each, at) => {
      const numbers = [...ys[at]]
      // As they are, not where they are drawn.
      for (const [index, line] of [...beyond?.line ?? []].entries())
        if (line === at) numbers[beyond.at[index]] = beyond.y[index]
      if (each) lines.push({label: each, xs: [...xs[at]], ys: numbers})
    })
    else if (x && y && text && x.length && data_source.data.marker)
      lines.push({label: "points", xs: [...x], ys: [...y], texts: [...text]})
  }
  return lines
}

// About so many of all places, evenly spaced, the first and the last among them.
function thinned(length, most) {
  if (length <= most) return [...Array(length).keys()]
  return [...Array(most).keys()].map((at) => Math.round(at * (length - 1) / (most - 1)))
}

const spelled = (number) => typeof number !== "number" ? number
  : Number.isFinite(number) ? `${Number(number.toPrecision(6))}` : Number.isNaN(number) ? "NaN" : `${number}`

function table_of_cells({name, source, data, has_bias}) {
  const head = [""], rows = [], [first, bias] = data.image
  const error = (value) => value >= 0 ? value : value > -6e-8 ? "not checked" : "corner of ReLU"
  const said = source.tags.includes("relative error") ? error : (value) => value
  const columns = thinned(first.shape[1], MOST_COLUMNS), lines = thinned(first.shape[0], MOST_ROWS)
  for (const at of columns) head.push(data.first_column[0] + at * data.column_block[0])
  for (const line of lines) {
    const values = columns.map((at) => said(first[line * first.shape[1] + at]))
    rows.push([data.first_row[0] + line * data.row_block[0], ...values])
  }
  if (has_bias) rows.push(["bias", ...columns.map((at) => said(bias[at]))])
  const pooled = data.row_block[0] * data.column_block[0]
  const notes = []
  if (pooled > 1) notes.push(`Each number is the largest of ${data.row_block[0]} by ${data.column_block[0]} cells.`)
  if (lines.length < first.shape[0] || columns.length < first.shape[1])
    notes.push(`${lines.length} of ${first.shape[0]} rows, ${columns.length} of ${first.shape[1]} columns, evenly spaced.`)
  return {title: name, head, rows, notes}
}

function table_of_lines(view) {
  const {tags, below, left} = view.model
  const labels = below.concat(left).map((axis) => axis.axis_label)
  const [across, up] = tags.find(({axes}) => axes)?.axes ?? labels
  const lines = lines_of(view), each = Math.max(2, Math.floor(MOST_ROWS / Math.max(lines.length, 1)))
  const rows = []
  let all = 0
  for (const {label, xs, ys, texts} of lines) {
    all += xs.length
    for (const at of thinned(xs.length, each)) rows.push([texts?.[at] ?? label, xs[at], ys[at]])
  }
  const notes = rows.length < all ? [`${rows.length} of ${all} points, evenly spaced.`] : []
  if (!rows.length) notes.push("Nothing is drawn yet.")
  const title = view.el.getAttribute("aria-label") ?? view.model.name
  return {title, head: ["", across || "x", up || "y"], rows, notes}
}

function element(name, text = "") {
  return Object.assign(document.createElement(name), {textContent: text})
}

function row_of(cells, name) {
  const row = element("tr")
  row.append(...cells.map((cell) => element(name, spelled(cell))))
  return row
}

class PlotTable {
  show(view) {
    const cells = cells_of(view)
    const {title, head, rows, notes} = cells ? table_of_cells(cells) : table_of_lines(view)
    const dialog = Object.assign(element("dialog"), {className: "bp-table"})
    const heading = Object.assign(element("h2", title), {id: "bp-table-title"})
    const close = element("button", "Close"), scrolled = element("div"), table = element("table")
    dialog.setAttribute("aria-labelledby", heading.id)
    scrolled.tabIndex = 0
    table.append(row_of(head, "th"), ...rows.map((row) => row_of(row, "td")))
    scrolled.append(table)
    dialog.append(element("style", TABLE_STYLE), heading, element("p", notes.join(" ")), scrolled, close)
    close.onclick = () => dialog.close()
    dialog.onclose = () => dialog.remove()
    document.body.append(dialog)
    dialog.showModal()
  }
}
