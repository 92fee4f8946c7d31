function place(element, left, top, width, height) {
  Object.assign(element.style, {
    position: "absolute", left: `${left}px`, top: `${top}px`,
    width: `${width}px`, height: `${height}px`,
  })
}

const DIM = "rgb(0 0 0 / 22%)"

// The style of an image of which the source's columns `first_shown` and `end_shown` show some rows:
// the others are dim, and all are hidden where none is shown.
function shown_part({data: {first_shown, end_shown, first_row, row_block}}, i, lines) {
  if (first_shown == null) return {}
  if (first_shown[i] >= end_shown[i]) return {clipPath: "inset(100%)"}
  const line = (row) => Math.min(Math.max((row - first_row[i]) / row_block[i], 0), lines)
  const from = Math.floor(line(first_shown[i])), to = Math.ceil(line(end_shown[i]))
  if (from === 0 && to === lines) return {}
  const [above, below] = [from, to].map((at) => `${100 * at / lines}%`)
  return {maskImage: `linear-gradient(${DIM} ${above}, #000 ${above} ${below}, ${DIM} ${below})`}
}

// Values in the places, between -end and end, that they have on a symmetric log scale.
function symmetric_log(values, linear, end) {
  const unit = end / Math.log1p(end / linear)
  return values.map((value) => Math.sign(value) * unit * Math.log1p(Math.abs(value) / linear))
}

const ROOM_FOR_NUMBER = {width: 34, height: 13}  // pixels of a cell from which on it shows its number

// A number with as many digits, four at most, as fit into so many letters.
function fitted(value, letters) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞"
  for (let digits = 4; digits > 0; digits--) {
    const plain = `${Number(value.toPrecision(digits))}`
    const power = `${value.toExponential(digits - 1)}`.replace("e+", "e")
    const text = (plain.length <= power.length ? plain : power).replaceAll("-", "−")
    if (text.length <= letters) return text
  }
  return ""
}

// Writes the numbers of cells that are large enough onto a canvas above them.
function write_numbers(view) {
  const {pane, image_data, sx, sy, sdw, sdh, renderer: {plot_view, model: {data_source}}} = view
  const {left, top, width, height} = plot_view.frame.bbox
  const {image, row_block, column_block, first_shown, end_shown, first_row} = data_source.data
  const parts = [...image_data.entries()].filter(([i, cells]) =>
    sdw[i] / cells.width >= ROOM_FOR_NUMBER.width && sdh[i] / cells.height >= ROOM_FOR_NUMBER.height
    && row_block[i] * column_block[i] == 1)
  if (!parts.length) {
    view.numbers?.remove()
    return
  }
  const canvas = view.numbers ??= document.createElement("canvas")
  canvas.className = "bp-numbers"
  const scale = devicePixelRatio
  Object.assign(canvas, {width: width * scale, height: height * scale})
  place(canvas, 0, 0, width, height)
  if (pane.lastChild !== canvas) pane.append(canvas)
  const ctx = canvas.getContext("2d")
  ctx.scale(scale, scale)
  Object.assign(ctx, {font: "11px Roboto, system-ui, sans-serif", textAlign: "center", textBaseline: "middle"})
  const letter = ctx.measureText("0").width
  const of_errors = data_source.tags.includes("relative error")
  for (const [i, cells] of parts) {
    const wide = sdw[i] / cells.width, tall = sdh[i] / cells.height
    const x = sx[i] - left, y = sy[i] - sdh[i] - top
    // A hair of a cell, as rounding leaves it, is none.
    const first = (at) => Math.floor(at + 1e-6), end = (at) => Math.ceil(at - 1e-6)
    const columns = [Math.max(0, first(-x / wide)), Math.min(cells.width, end((width - x) / wide))]
    const rows = [
      Math.max(0, first(-y / tall), first_shown[i] - first_row[i]),
      Math.min(cells.height, end((height - y) / tall), end_shown[i] - first_row[i]),
    ]
    for (let row = rows[0]; row < rows[1]; row++) {
      const values = image[i].slice(row * cells.width + columns[0], row * cells.width + columns[1])
      const colours = view._flat_img_to_buf8(values)
      for (const [k, value] of values.entries()) {
        if (of_errors && value < 0) continue  // a cell without an error
        const [red, green, blue] = colours.subarray(4 * k, 4 * k + 3)
        ctx.fillStyle = 0.3 * red + 0.59 * green + 0.11 * blue < 128 ? "#fff" : "#000"
        const text = fitted(value, Math.floor((wide - 4) / letter))
        ctx.fillText(text, x + (columns[0] + k + 0.5) * wide, y + (row + 0.5) * tall)
      }
    }
  }
}

function paint_cells_beneath_plots() {
  const images = Bokeh.require("models/glyphs/image").ImageView.prototype
  if (images.change_cells) return
  const {_paint, _flat_img_to_buf8, remove} = images
  const is_beneath = (view) => view.model.tags.includes("beneath")

  images._paint = function(ctx, indices, data) {
    if (!is_beneath(this)) return _paint.call(this, ctx, indices, data)
    const {image_data, sx, sy, sdw, sdh} = this
    const {plot_view, model: {data_source}} = this.renderer
    const {left, top, width, height} = plot_view.frame.bbox
    if (!this.pane) {
      this.pane = document.createElement("div")
      this.pane.style.overflow = "hidden"
      plot_view.canvas_view.underlays_el.append(this.pane)
    }
    place(this.pane, left, top, width, height)
    for (const [i, cells] of image_data.entries()) {
      cells.style.imageRendering = "pixelated"
      Object.assign(cells.style, {clipPath: "", maskImage: "", ...shown_part(data_source, i, cells.height)})
      place(cells, sx[i] - left, sy[i] - sdh[i] - top, sdw[i], sdh[i])
      if (this.pane.children[i] !== cells) this.pane.replaceChildren(...image_data)
    }
    write_numbers(this)
    if (data_source.shown_by !== this) {
      data_source.shown_by = this
      this._set_data(null)
    }
  }

  // Recolours the cells after their arrays were changed in place.
  images.change_cells = function() {
    this._set_data(null)
    if (this.pane) write_numbers(this)
    // The hover then reads the number under the pointer again.
    this.renderer.plot_view.repainted.emit()
  }

  // BokehJS converts the palette's 255 colours again for each image.
  images._flat_img_to_buf8 = function(image) {
    if (!is_beneath(this)) return _flat_img_to_buf8.call(this, image)
    const {color_mapper} = this.model
    const {palette, high_color, high, tags: [linear]} = color_mapper
    if (this.palette !== palette || this.high_color !== high_color) {
      Object.assign(this, {palette, high_color, colours: color_mapper.rgba_mapper})
    }
    return this.colours.v_compute(linear == null ? image : symmetric_log(image, linear, high))
  }

  images.remove = function() {
    const {data_source} = this.renderer.model
    if (data_source.shown_by === this) data_source.shown_by = null
    this.pane?.remove()
    remove.call(this)
  }
}
