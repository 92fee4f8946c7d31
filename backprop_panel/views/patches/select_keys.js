// The closed select field to which an event of a key belongs, if it belongs to one.
function closed_select(event) {
  const [field] = event.composedPath()
  return field.matches?.("[role=combobox][aria-haspopup=listbox][aria-expanded=false]") ? field : null
}

function open_selects_by_keys() {
  if (document.selects_open_by_keys) return
  document.selects_open_by_keys = true
  document.addEventListener("keydown", (event) => {
    const opens = ["Enter", "ArrowDown", "ArrowUp"].includes(event.key)
    if (opens && !event.repeat && !event.ctrlKey && !event.metaKey) closed_select(event)?.click()
  })
  // As the key is let go: the entry that has the focus by then would take that as its choice.
  document.addEventListener("keyup", (event) => {
    if (event.key === " ") closed_select(event)?.click()
  })
}
