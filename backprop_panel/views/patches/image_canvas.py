"""What Bokeh is spared in the browser where plots change many times a second."""

from __future__ import annotations

from panel.custom import JSComponent

BENEATH = "beneath"
"""The tag of an image glyph whose cells are painted beneath its plot."""


class QuickPlots(JSComponent):
    """Lets plots of the page it is part of change at less cost; it shows nothing itself.

    Bokeh paints a plot whole when a cell of it changes: axes, frames and all. Here the small canvas
    in which it colours the cells of an image is put beneath the plot, which is left clear there,
    and the browser enlarges it. New cells then cost their colours and nothing else; Bokeh says as
    before where they are, whenever it paints.
    """

    _esm = """
    // With each frame Bokeh writes the style sheets of every plot anew. Where they say the same,
    // the browser is spared finding out what follows from them: three frames in the time of two.
    function write_style_sheets_when_they_change() {
      const sheets = Bokeh.require("core/dom").InlineStyleSheet.prototype
      if (sheets.writes_changes_only) return
      const write = sheets._update
      sheets._update = function(css) { if (this.el.textContent !== css) write.call(this, css) }
      sheets.writes_changes_only = true
    }

    function put(element, left, top, width, height) {
      Object.assign(element.style, {
        position: "absolute", left: `${left}px`, top: `${top}px`,
        width: `${width}px`, height: `${height}px`,
      })
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
        put(this.pane, left, top, width, height)
        for (const [i, cells] of image_data.entries()) {
          cells.style.imageRendering = "pixelated"
          put(cells, sx[i] - left, sy[i] - sdh[i] - top, sdw[i], sdh[i])
          if (this.pane.children[i] !== cells) this.pane.replaceChildren(...image_data)
        }
        if (data_source.shown_by !== this) {
          data_source.shown_by = this
          this._set_data(null)
        }
      }

      // Colours that arrays take which were changed in place.
      images.change_cells = function() {
        this._set_data(null)
        // After which the number under the pointer is read anew: it is that of the cell.
        this.renderer.plot_view.repainted.emit()
      }

      // Bokeh reads the palette's 255 colours again for each image.
      images._flat_img_to_buf8 = function(image) {
        if (!is_beneath(this)) return _flat_img_to_buf8.call(this, image)
        const {color_mapper} = this.model
        if (this.palette !== color_mapper.palette) {
          this.palette = color_mapper.palette
          this.colours = color_mapper.rgba_mapper
        }
        return this.colours.v_compute(image)
      }

      images.remove = function() {
        const {data_source} = this.renderer.model
        if (data_source.shown_by === this) data_source.shown_by = null
        this.pane?.remove()
        remove.call(this)
      }
    }

    export function render() {
      write_style_sheets_when_they_change()
      paint_cells_beneath_plots()
      return document.createElement("span")
    }
    """
