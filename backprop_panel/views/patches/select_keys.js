// Frames in which a list that was asked for opens and takes the focus, if it does.
const FRAMES_TO_OPEN = 60

// The closed select field to which an event of a key belongs, if it belongs to one.
function closed_select(event) {
  const [field] = event.composedPath()
  return field.matches?.("[role=combobox][aria-haspopup=listbox][aria-expanded=false]") ? field : null
}

function list_with_focus() {
  let element = document.activeElement
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement
  return element?.closest("[role=listbox]")
}

// Opens the list of a field, and begins at the entry that is chosen.
function open_list(field) {
  if (!field) return
  field.click()
  let frames = FRAMES_TO_OPEN
  const look = () => {
    const entries = list_with_focus()?.children
    if (entries) [...entries].find((each) => each.textContent === field.textContent)?.focus()
    else if (frames-- > 0) requestAnimationFrame(look)
  }
  look()
}

function open_selects_by_keys() {
  if (document.selects_open_by_keys) return
  document.selects_open_by_keys = true
  document.addEventListener("keydown", (event) => {
    const opens = ["Enter", "ArrowDown", "ArrowUp"].includes(event.key)
    if (opens && !event.repeat && !event.ctrlKey && !event.metaKey) open_list(closed_select(event))
  })
  // As the key is let go: the entry that has the focus by then would take that as its choice.
  document.addEventListener("keyup", (event) => {
    if (event.key === " ") open_list(closed_select(event))
  })
}
