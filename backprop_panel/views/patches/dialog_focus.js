// What Tab leads to within an element, in its order, what is in shadow trees as well.
function* tab_stops(root) {
  for (const each of root.children) {
    const is_stop = each instanceof HTMLElement && each.tabIndex >= 0 && !each.disabled
    if (is_stop && each.checkVisibility()) yield each
    if (each.shadowRoot) yield* tab_stops(each.shadowRoot)
    yield* tab_stops(each)
  }
}

function hold_focus_in_dialogs() {
  if (document.dialogs_hold_focus) return
  document.dialogs_hold_focus = true
  document.addEventListener("keydown", (event) => {
    const path = event.composedPath()
    const modal = path.find((each) => each.matches?.(".MuiDialog-root"))
    if (event.key !== "Tab" || !modal) return
    const stops = [...tab_stops(modal.querySelector("[role=dialog]"))]
    const at = stops.indexOf(path[0])
    const next = event.shiftKey ? (at > 0 ? at - 1 : stops.length - 1) : (at + 1) % stops.length
    stops[next]?.focus()
    event.preventDefault()
  })
}
