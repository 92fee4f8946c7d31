const PLOT_FOCUS_STYLE = `
  :host(:focus) { outline: none }
  :host(:focus-visible) { outline: 2px solid var(--panel-primary-color, #3b5bdb); outline-offset: -1px }
`

// The part of a plot that takes the pointer is no tab stop of its own: the plot is one, with a name.
function focus_plot_itself({events_el}) {
  events_el.removeAttribute("tabindex")
  // Two fingers belong to the plot from their first touch on, one finger never does.
  events_el.addEventListener("touchstart", (event) => {
    if (event.touches.length > 1) event.preventDefault()
  }, {passive: false})
  const down = new Set()
  events_el.addEventListener("pointerdown", ({pointerId}) => down.add(pointerId), {capture: true})
  for (const name of ["pointerup", "pointercancel"])
    events_el.addEventListener(name, ({pointerId}) => down.delete(pointerId), {capture: true})
  events_el.addEventListener("pointermove", (event) => {
    if (event.pointerType === "touch" && down.size < 2) event.stopImmediatePropagation()
  }, {capture: true})
}

function focus_plots_by_name() {
  const canvases = Bokeh.require("models/canvas/canvas").CanvasView.prototype
  const plots = Bokeh.require("models/plots/plot_canvas").PlotView.prototype
  if (plots.point_at) return
  const {render} = canvases, {render: render_plot, stylesheets} = plots
  canvases.render = function() {
    render.call(this)
    focus_plot_itself(this)
  }
  plots.render = function() {
    render_plot.call(this)
    this._update_touch_action()
    // A document hears of no focus that moves within one of its shadow trees.
    for (const name of ["focus", "blur"]) {
      this.el[`on${name}`] = () => document.dispatchEvent(new CustomEvent(`bp-${name}`, {detail: this}))
    }
    this.el.onclick = ({clientX, clientY}) => {
      const {x_scale, y_scale} = this.frame, box = this.canvas_view.events_el.getBoundingClientRect()
      const x = x_scale.invert(clientX - box.x), y = y_scale.invert(clientY - box.y)
      document.dispatchEvent(new CustomEvent("bp-click", {detail: {view: this, x, y}}))
    }
  }
  plots.stylesheets = function() {
    return [...stylesheets.call(this), PLOT_FOCUS_STYLE]
  }
  // One finger scrolls what the plot stands in; BokehJS keeps it where a plot can be panned.
  plots._update_touch_action = function() {
    this.canvas.touch_action.replace(".bk-events { touch-action: pan-x pan-y }")
  }

  // Points at a place of the plot, given in the numbers of its axes, as the mouse does.
  plots.point_at = function(x, y) {
    const {events_el} = this.canvas_view, box = events_el.getBoundingClientRect()
    const {x_scale, y_scale} = this.frame
    const clientX = box.x + x_scale.compute(x), clientY = box.y + y_scale.compute(y)
    const at = {clientX, clientY, isPrimary: true, pointerType: "mouse"}
    events_el.dispatchEvent(new PointerEvent("pointermove", at))
  }
  plots.point_nowhere = function() {
    const at = {clientX: -1e4, clientY: -1e4, isPrimary: true, pointerType: "mouse"}
    for (const name of ["pointermove", "pointerout"])
      this.canvas_view.events_el.dispatchEvent(new PointerEvent(name, at))
  }
  // Taps on a place of the plot, given in the numbers of its axes.
  plots.tap_on = function(x, y) {
    const {Tap} = Bokeh.require("core/bokeh_events")
    const {x_scale, y_scale} = this.frame
    const modifiers = {shift: false, ctrl: false, alt: false}
    this.model.trigger_event(new Tap(x_scale.compute(x), y_scale.compute(y), x, y, modifiers))
  }
}
