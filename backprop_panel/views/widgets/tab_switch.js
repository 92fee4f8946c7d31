// Shows the view of a tab as soon as the tab is pressed, before the server hears of it.

function put(frame, styles) {
  for (const [name, value] of Object.entries(styles)) frame.style.setProperty(name, value)
}

export function render({model, el}) {
  const note = document.createElement("span")
  note.textContent = model.words
  const around = () => layout_around(el).shadowRoot
  const show = () => {
    const frames = [...around().querySelectorAll("[class*=bp-tab-]")]
    const is_shown = (frame) => frame.matches(`.bp-tab-${model.active}`)
    for (const frame of frames) put(frame, is_shown(frame) ? IN_SIGHT : BEHIND)
    note.hidden = frames.some(is_shown)
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
    document.removeEventListener("click", press, {capture: true})
  })
  return note
}
