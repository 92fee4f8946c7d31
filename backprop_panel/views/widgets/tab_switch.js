// Shows the view of a tab as soon as the tab is pressed, before the server hears of it.

const OFTEN = 50  // milliseconds between two looks whether a view is begun

// Where the view will be, which must not move when the words go.
const ABOVE = {position: "absolute", padding: "2px 0", whiteSpace: "nowrap"}

function put(frame, styles) {
  for (const [name, value] of Object.entries(styles)) frame.style.setProperty(name, value)
}

// Whether the first part of a view is drawn.
function is_begun(view) {
  if (view.child_views?.length) return view.child_views.some(is_begun)
  return view.el.offsetHeight > 0 && view.has_finished()
}

export function render({model, view, el}) {
  const note = document.createElement("span"), begun = new WeakSet()
  note.textContent = model.words
  Object.assign(note.style, ABOVE)
  const around = () => layout_around(el).shadowRoot
  let look = null
  const show = () => {
    const frames = [...around().querySelectorAll("[class*=bp-tab-]")]
    const is_shown = (frame) => frame.matches(`.bp-tab-${model.active}`)
    for (const frame of frames) put(frame, is_shown(frame) ? IN_SIGHT : BEHIND)
    const shown = view.parent.child_views.find((each) => frames.includes(each.el) && is_shown(each.el))
    if (shown && !begun.has(shown) && is_begun(shown)) begun.add(shown)
    note.hidden = begun.has(shown)
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
