// The widest windows that have room beside the page for neither of its drawers, and for one of them.
const ROOMS = [["none", "(max-width: 899px)"], ["one", "(max-width: 1199px)"]]

// How much larger the controls and the texts are, by the window's width: the toolbar keeps to one line.
const WIDE = "(min-width: 1440px)", LARGER = {true: [1.3, 1.4], false: [1.15, 1.35]}

const ENLARGED = {
  "--bp-freed": "76px",
  "--bp-title": "none",
  "--bk-major-label-text-font-size": "15px",
  "--bk-axis-label-text-font-size": "16px",
}

function enlarge(page, on) {
  const [controls, texts] = LARGER[matchMedia(WIDE).matches]
  const values = {"--bp-type": texts, ...ENLARGED}
  for (const [name, value] of Object.entries(values)) page.style.setProperty(name, on ? value : "")
  page.style.fontSize = ""  // Material UI's sizes follow it
  if (on) page.style.fontSize = `${controls * parseFloat(getComputedStyle(page).fontSize)}px`
  page.toggleAttribute("data-presenting", on)
}

// Keeps the rest of the page below the header, however many lines its controls take.
function follow_header(element, page) {
  let header = null
  for (let at = element; at && !header; at = at.getRootNode().host) header = at.closest(".header")
  if (!header) return null
  const usual = 64  // pixels: heights that follow the window leave room for so many
  const changed = new ResizeObserver(() => {
    const height = header.offsetHeight, more = Math.max(0, height - usual)
    page.style.setProperty("--bp-header", `${height}px`)
    page.style.setProperty("--bp-height", `calc(100vh - ${more}px)`)
  })
  changed.observe(header)
  return changed
}

export function render({model, view}) {
  const page = document.documentElement
  const wide = matchMedia(WIDE), rooms = ROOMS.map(([name, widths]) => [name, matchMedia(widths)])
  const follow_window = () => {
    const [room] = rooms.find(([, widths]) => widths.matches) ?? ["both"]
    if (model.room === room) return
    model.room = room
    open_drawers(view, {sidebar_open: room === "both", contextbar_open: room !== "none"})
  }
  const follow = () => enlarge(page, model.presenting)
  const pressed = (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return
    const action = action_of(event, ON_PAGE)
    const is_due = action === "present" || action === "end" && model.presenting
    if (!is_due || goes_to(event, FIELDS)) return
    model.presenting = !model.presenting
    event.stopPropagation()
  }
  for (const [, widths] of rooms) widths.addEventListener("change", follow_window)
  wide.addEventListener("change", follow)
  document.addEventListener("keydown", pressed)
  model.on("presenting", follow)
  let handles = null, header = null
  model.on("after_layout", () => {
    handles ??= name_handles(view.el)
    header ??= follow_header(view.el, page)
  })
  model.on("remove", () => {
    handles?.disconnect()
    header?.disconnect()
    for (const [, widths] of rooms) widths.removeEventListener("change", follow_window)
    wide.removeEventListener("change", follow)
    document.removeEventListener("keydown", pressed)
    enlarge(page, false)
  })
  follow_window()
  return document.createElement("span")
}
