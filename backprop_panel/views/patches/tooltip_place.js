const TOOLTIP_STYLE = `
  :host {
    --tooltip-color: var(--panel-surface-color, white);
    --tooltip-text: var(--panel-on-surface-color, black);
    --tooltip-border: var(--border-color, #8888);
    --tooltip-arrow-color: var(--panel-on-secondary-color, #888);
    --tooltip-arrow-inner-color: var(--panel-surface-color, white);
    opacity: 1;
  }
  @media (hover: none) { :host { display: none } }
`

// What a plot says over itself, such as that the wheel zooms with a key.
const NOTE_STYLE = `
  :host { background: none }
  :host > div {
    font-size: 12px; background: var(--panel-surface-color, white);
    color: var(--panel-on-surface-color, black);
  }
`

// The room that tooltips of a plot may take: that of the map around it.
function room_of(element) {
  for (let each = element; each; each = each.parentNode ?? each.host)
    if (each.classList?.contains("bp-map")) return each.getBoundingClientRect()
}

// Where a tooltip stands beside its plot: at the side of the pointer, if there is room for it.
function beside(plot, room, {width, height}, x, y) {
  const right = plot.right + 6, left = plot.left - width - 6
  const fits = {right: right + width <= room.right, left: left >= room.left}
  const sides = x > (plot.left + plot.right) / 2 ? ["right", "left"] : ["left", "right"]
  const side = sides.find((each) => fits[each])
  const clamp = (at, low, high) => Math.max(low, Math.min(at, high))
  if (side) return {
    left: side === "right" ? right : left,
    top: clamp(y - height / 2, 0, window.innerHeight - height),
  }
  return {
    left: clamp(x - width / 2, 0, window.innerWidth - width),
    top: plot.top - height - 4 >= 0 ? plot.top - height - 4 : plot.bottom + 4,
  }
}

function place_tooltips_beside_heatmaps() {
  const tooltips = Bokeh.require("models/ui/tooltip").TooltipView.prototype
  if (tooltips.stand_beside_heatmaps) return
  tooltips.stand_beside_heatmaps = true
  const {stylesheets, _reposition} = tooltips
  tooltips.stylesheets = function() {
    return [...stylesheets.call(this), TOOLTIP_STYLE]
  }
  const notes = Bokeh.require("models/ui/panel").PanelView.prototype
  const {stylesheets: of_notes} = notes
  notes.stylesheets = function() {
    return [...of_notes.call(this), NOTE_STYLE]
  }
  tooltips._reposition = function() {
    _reposition.call(this)
    const {position} = this.model
    const room = Array.isArray(position) && this.el.isConnected && room_of(this.target)
    if (!room) return
    const plot = this.target.getBoundingClientRect(), [x, y] = position
    const {left, top} = beside(plot, room, this.el.getBoundingClientRect(), plot.left + x, plot.top + y)
    Object.assign(this.el.style, {left: `${left}px`, top: `${top}px`})
    this.el.classList.remove("bk-show-arrow")
  }
}
