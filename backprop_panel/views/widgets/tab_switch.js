// Shows the view of a tab as soon as the tab is pressed, before the server hears of it.

// Milliseconds between two looks whether a view is drawn, and after which it counts as drawn.
const OFTEN = 100, PATIENCE = 20_000

// Over the view, which would move when the words go.
const ABOVE = {
  position: "absolute", zIndex: 2, padding: "2px 8px 2px 0", pointerEvents: "none",
  background: "var(--panel-surface-color, transparent)", whiteSpace: "nowrap",
}

function put(frame, styles) {
  for (const [name, value] of Object.entries(styles)) frame.style.setProperty(name, value)
}

// Whether all of a view is drawn, but for what is hidden.
function is_drawn(view) {
  if (!view.model.visible) return true
  return view.child_views?.length ? view.child_views.every(is_drawn) : view.has_finished()
}

export function render({model, view, el}) {
  const note = document.createElement("span"), drawn = new WeakSet(), since = new WeakMap()
  note.textContent = model.words
  Object.assign(note.style, ABOVE)
  const around = () => layout_around(el).shadowRoot
  let look = null
  const show = () => {
    const frames = [...around().querySelectorAll("[class*=bp-tab-]")]
    const is_shown = (frame) => frame.matches(`.bp-tab-${model.active}`)
    for (const frame of frames) put(frame, is_shown(frame) ? IN_SIGHT : BEHIND)
    const shown = view.parent.child_views.find((each) => frames.includes(each.el) && is_shown(each.el))
    const is_there = shown?.child_views[0]?.child_views.length > 0
    if (is_there && !drawn.has(shown)) {
      if (!since.has(shown)) since.set(shown, performance.now())
      if (is_drawn(shown) || performance.now() - since.get(shown) > PATIENCE) drawn.add(shown)
    }
    note.hidden = drawn.has(shown)
    clearTimeout(look)
    if (!note.hidden) look = setTimeout(show, OFTEN)
  }
  const press = (event) => {
    const tab = event.composedPath().find((each) => each.matches?.("[role=tab]"))
    if (!tab || !around().contains(tab.getRootNode().host)) return
    model.active = [...tab.parentNode.querySelectorAll("[role=tab]")].indexOf(tab)
    show()
  }
  // What the server adds for a tab that is opened for the first time.
  const added = new MutationObserver(show)
  const begin = () => {
    added.observe(around(), {childList: true, subtree: true})
    show()
  }
  model.on("active", show)
  model.on("after_layout", begin)
  document.addEventListener("click", press, {capture: true})
  model.on("remove", () => {
    added.disconnect()
    clearTimeout(look)
    document.removeEventListener("click", press, {capture: true})
  })
  return note
}
