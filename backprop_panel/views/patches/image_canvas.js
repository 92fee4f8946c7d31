function place(element, left, top, width, height) {
  Object.assign(element.style, {
    position: "absolute", left: `${left}px`, top: `${top}px`,
    width: `${width}px`, height: `${height}px`,
  })
}

// The part of an image that is hidden, as the source's columns `first_shown` and `end_shown` say.
function hidden_part({data: {first_shown, end_shown, first_row, row_block}}, i, lines) {
  if (first_shown == null) return ""
  const line = (row) => (row - first_row[i]) / row_block[i]
  const above = Math.max(Math.floor(line(first_shown[i])), 0)
  const below = Math.max(lines - Math.ceil(line(end_shown[i])), 0)
  if (!above && !below) return ""
  return `inset(${100 * above / lines}% 0 ${100 * below / lines}% 0)`
}

// Values in the places, between -end and end, that they have on a symmetric log scale.
function symmetric_log(values, linear, end) {
  const unit = end / Math.log1p(end / linear)
  return values.map((value) => Math.sign(value) * unit * Math.log1p(Math.abs(value) / linear))
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
      cells.style.clipPath = hidden_part(data_source, i, cells.height)
      place(cells, sx[i] - left, sy[i] - sdh[i] - top, sdw[i], sdh[i])
      if (this.pane.children[i] !== cells) this.pane.replaceChildren(...image_data)
    }
    if (data_source.shown_by !== this) {
      data_source.shown_by = this
      this._set_data(null)
    }
  }

  // Recolours the cells after their arrays were changed in place.
  images.change_cells = function() {
    this._set_data(null)
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
