// Draws arrows between heatmaps, each a curve from the edge of one to the edge of another.

const SVG = "http://www.w3.org/2000/svg"
const INSIDE = 16  // pixels that an arrow reaches into both, so that its ends are seen

function shape(name, attributes) {
  const element = document.createElementNS(SVG, name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  return element
}

function box(element, origin) {
  const {x, y, width, height} = element.getBoundingClientRect()
  return {left: x - origin.x, right: x - origin.x + width, top: y - origin.y,
          bottom: y - origin.y + height - LABELS}
}

// A point within a box, near its right or left edge.
function inside({left, right}, at_right) {
  const distance = Math.min(INSIDE, (right - left) / 3)
  return at_right ? right - distance : left + distance
}

// A curve from one box to another: along a row it is bent over what lies between.
function curve(from, to, share) {
  const across = (to.left + to.right - from.left - from.right) / 2
  const down = to.top - from.top
  const at = ({top, bottom}, part) => top + part * (bottom - top)
  if (Math.abs(across) < 5) {  // between a value and its gradient
    const y = down > 0 ? from.bottom - INSIDE : from.top + INSIDE
    const end = down > 0 ? to.top + INSIDE : to.bottom - INSIDE
    const x = from.left + 0.85 * (from.right - from.left)  // beside the caption
    return [[x, y], [x, (y + end) / 2], [x, end]]
  }
  const x = inside(from, across > 0), end = inside(to, across < 0)
  if (Math.abs(down) < 5) {
    const y = at(from, share)
    const bend = Math.min(Math.abs(end - x) / 4, 40)
    return [[x, y], [(x + end) / 2, y - bend], [end, y]]
  }
  const start = down > 0 ? at(from, 0.85) : at(from, 0.15), stop = at(to, down > 0 ? 0.2 : 0.8)
  return [[x, start], [(x + end) / 2, (start + stop) / 2], [end, stop]]
}

function arrow(points, color, halo) {
  const [[x0, y0], [x1, y1], [x2, y2]] = points
  const angle = Math.atan2(y2 - y1, x2 - x1)
  const wing = (turn) => [x2 - 9 * Math.cos(angle + turn), y2 - 9 * Math.sin(angle + turn)]
  const tip = [wing(0.45), [x2, y2], wing(-0.45)]
  const line = {d: `M${x0} ${y0}Q${x1} ${y1} ${x2} ${y2}`, fill: "none", "stroke-linecap": "round"}
  const head = {points: tip.map((point) => point.join()).join(" ")}
  return [
    shape("path", {...line, stroke: halo, "stroke-width": 6, opacity: 0.85}),
    shape("polygon", {...head, fill: halo, stroke: halo, "stroke-width": 5, opacity: 0.85}),
    shape("path", {...line, stroke: color, "stroke-width": 2}),
    shape("polygon", {...head, fill: color, stroke: color, "stroke-width": 1}),
    shape("circle", {cx: x0, cy: y0, r: 3, fill: color}),
  ]
}

// Scrolls a map that is wider than its room to what the arrows connect, if that fits.
function scroll_to(boxes, map) {
  const left = Math.min(...boxes.map((each) => each.left))
  const right = Math.max(...boxes.map((each) => each.right))
  const {scrollLeft, clientWidth} = map
  const is_seen = left >= scrollLeft && right <= scrollLeft + clientWidth
  if (!is_seen && right - left <= clientWidth) map.scrollLeft = (left + right - clientWidth) / 2
}

export function render({model, el}) {
  const svg = shape("svg", {width: "100%", height: "100%", overflow: "visible", "aria-hidden": true})
  svg.style.display = "block"
  el.append(svg)
  const draw = () => {
    svg.replaceChildren()
    if (!model.pairs.length) return
    const beside = children_beside(el)
    observe(beside)
    const heatmaps = beside.filter((each) => each.classList.contains(HEATMAP))
    const origin = svg.getBoundingClientRect(), connected = []
    for (const [place, [from, to]] of model.pairs.entries()) {
      if (!heatmaps[from] || !heatmaps[to]) continue
      const ends = [heatmaps[from], heatmaps[to]].map((each) => box(each, origin))
      connected.push(...ends)
      svg.append(...arrow(curve(...ends, place % 2 ? 0.62 : 0.38), model.color, model.halo))
    }
    if (connected.length) scroll_to(connected, layout_around(el))
  }
  // What moves a heatmap resizes it, or a caption or a heatmap before it.
  const resized = new ResizeObserver(draw), observed = new WeakSet()
  const observe = (elements) => {
    for (const each of elements) {
      if (observed.has(each)) continue  // once more would be reported as a new size
      observed.add(each)
      resized.observe(each)
    }
  }
  for (const name of ["pairs", "color"]) model.on(name, draw)
  model.on("remove", () => resized.disconnect())
  draw()
}
