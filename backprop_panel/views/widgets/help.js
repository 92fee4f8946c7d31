// Shows one sentence about the button, tab or field under the pointer or with the keyboard's focus.

const WAIT_MILLISECONDS = 500, GAP = 6
const CONTROLS = "button, [role=button], [role=tab], [role=combobox], [role=slider], input, textarea, select, [data-help]"

const STYLE = {
  position: "fixed", zIndex: 2000, maxWidth: "300px", padding: "6px 9px", borderRadius: "5px",
  font: "12px/1.4 Roboto, system-ui, sans-serif", color: "#fff", background: "#212529",
  border: "1px solid #868e96", pointerEvents: "none", visibility: "hidden",
}

// The element with the focus, through the shadow trees that it is in.
function focused() {
  let element = document.activeElement
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement
  return element
}

function text_of(element) {
  return element?.textContent.trim() ?? ""
}

// The name that the page shows for a control.
function name_of(control) {
  const root = control.getRootNode()
  const by_id = (id) => root.getElementById?.(id)
  const names = [
    control.getAttribute("aria-label"),
    control.id && text_of(root.querySelector(`label[for="${CSS.escape(control.id)}"]`)),
    ...(control.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => id && text_of(by_id(id))),
    text_of(control.closest("label")),
    control.matches("input, textarea, [role=combobox]") ? "" : text_of(control),
  ]
  return names.filter(Boolean)
}

function kind_of(control) {
  if (control.matches("[role=tab]")) return "tabs"
  return control.matches("button, [role=button]") ? "buttons" : "fields"
}

// The help of a name: its own, or that of the longest beginning, which ends with an ellipsis.
function found(texts, name) {
  if (texts[name]) return texts[name]
  const starts = Object.keys(texts).filter((key) => key.endsWith("…") && name.startsWith(key.slice(0, -1)))
  return texts[starts.sort((one, other) => other.length - one.length)[0]]
}

function help_of(control, texts) {
  if (control.dataset.help) return control.dataset.help
  for (const name of name_of(control)) {
    const help = found(texts[kind_of(control)], name)
    if (help) return help
  }
}

// Below the control, or above it where there is no room.
function place(tip, control) {
  const box = control.getBoundingClientRect(), {offsetWidth, offsetHeight} = tip
  const below = box.bottom + GAP
  const top = below + offsetHeight <= innerHeight ? below : box.top - GAP - offsetHeight
  const left = Math.max(GAP, Math.min(box.left, innerWidth - GAP - offsetWidth))
  Object.assign(tip.style, {left: `${left}px`, top: `${top}px`, visibility: "visible"})
}

export function render({model}) {
  const tip = document.createElement("div")
  tip.className = "bp-help"
  tip.setAttribute("role", "tooltip")
  Object.assign(tip.style, STYLE)
  document.body.append(tip)
  let shown = null, under = null, timer = 0
  const hide = () => {
    clearTimeout(timer)
    shown = null
    tip.style.visibility = "hidden"
  }
  const show = (control) => {
    if (control === shown) return
    hide()
    const help = control && help_of(control, model.texts)
    if (!help) return
    shown = control
    if (control.getAttribute("aria-description") !== help) control.setAttribute("aria-description", help)
    timer = setTimeout(() => {
      if (!control.isConnected) return
      tip.textContent = help
      place(tip, control)
    }, WAIT_MILLISECONDS)
  }
  // Entering and leaving an element, and focus, are not told beyond the shadow tree where they happen.
  const on_move = (event) => {
    const path = event.composedPath()
    if (path[0] === under) return
    under = path[0]
    show(path.find((each) => each.matches?.(CONTROLS)))
  }
  const on_key = ({type, key}) => {
    if (type === "keydown") hide()
    else if (key === "Tab") show(focused()?.closest(CONTROLS))
  }
  const listeners = {pointermove: on_move, pointerdown: hide, keydown: on_key, keyup: on_key, wheel: hide}
  for (const [type, listen] of Object.entries(listeners)) {
    document.addEventListener(type, listen, {capture: true, passive: true})
  }
  model.on("remove", () => {
    tip.remove()
    for (const [type, listen] of Object.entries(listeners)) document.removeEventListener(type, listen, {capture: true})
  })
  return document.createElement("span")
}
