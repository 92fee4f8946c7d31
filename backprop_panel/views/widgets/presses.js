// What the browser does about a press before the server answers it.

const WORKING = "bp-working"
const BREATH = [{opacity: 0.4}, {opacity: matchMedia("(prefers-reduced-motion)").matches ? 0.4 : 0.75}]

const has_class = (each) => each.classList?.contains(WORKING)

// The view of the component that an element belongs to.
function view_at(host) {
  const [view] = Bokeh.index.query(({el}) => el === host)
  return view
}

// Lets a button breathe, and says so to screen readers, until the server has done what it is for.
function show_work(event) {
  const path = event.composedPath(), host = path.find(has_class)
  const is_menu = path.some((each) => each.matches?.(".menu-button"))
  if (!host || !path.some((each) => each.matches?.(is_menu ? "[role=menuitem]" : "button"))) return
  const button = host.shadowRoot.querySelector("button"), {data} = view_at(host).model
  if (button.ariaBusy === "true") return
  const breath = button.animate(BREATH, {duration: 600, iterations: Infinity, direction: "alternate"})
  button.ariaBusy = "true"
  const end = () => {
    if (data.loading) return
    data.properties.loading.change.disconnect(end)
    breath.cancel()
    button.ariaBusy = null
  }
  data.properties.loading.change.connect(end)
}

function is_within({left, right, top, bottom}, {clientX, clientY}) {
  return left <= clientX && clientX <= right && top <= clientY && clientY <= bottom
}

const label_of = (view) => view?.model.data?.attributes.label

// The button that was pressed, or the one which the server has put in its place elsewhere.
function still_there({button, label}) {
  if (button.isConnected) return button
  const views = [...Bokeh.index.query((view) => label && label_of(view) === label)]
  const buttons = views.map(({shadow_el}) => shadow_el.querySelector("button"))
  const visible = buttons.filter((each) => each?.checkVisibility())
  return visible.length === 1 ? visible[0] : null
}

export function render({model}) {
  let held = null
  // A field that loses the focus to a press may move the button away before it is let go.
  const down = (event) => {
    const path = event.composedPath(), button = path.find((each) => each.matches?.("button"))
    const {host} = button?.getRootNode() ?? {}
    const is_alone = host?.shadowRoot.querySelectorAll("button").length === 1
    held = is_alone && {button, label: label_of(view_at(host)), box: button.getBoundingClientRect()}
  }
  const up = (event) => {
    if (held && !is_within(held.box, event)) held = null
    // If the button has not moved, its click comes first.
    setTimeout(press_what_moved)
  }
  const press_what_moved = () => {
    if (held) still_there(held)?.click()
    held = null
  }
  const click = (event) => {
    if (event.composedPath().some((each) => each.matches?.("button"))) held = null
    show_work(event)
  }
  const listeners = {pointerdown: down, pointerup: up, click}
  for (const [type, listen] of Object.entries(listeners)) document.addEventListener(type, listen, {capture: true})
  model.on("remove", () => {
    for (const [type, listen] of Object.entries(listeners)) document.removeEventListener(type, listen, {capture: true})
  })
  return document.createElement("span")
}
