// What the browser does about a press before the server answers it.

const WORKING = "bp-working"
const BREATH = [{opacity: 0.4}, {opacity: matchMedia("(prefers-reduced-motion)").matches ? 0.4 : 0.75}]

const has_class = (each) => each.classList?.contains(WORKING)

// Lets a button breathe, and says so to screen readers, until the server has done what it is for.
function show_work(event) {
  const path = event.composedPath(), host = path.find(has_class)
  if (!host || !is_press(path)) return
  const [button] = buttons_of(host)
  if (button.ariaBusy === "true") return
  const breath = button.animate(BREATH, {duration: 600, iterations: Infinity, direction: "alternate"})
  button.ariaBusy = "true"
  once_done(host, () => {
    breath.cancel()
    button.ariaBusy = null
  })
}

function is_within({left, right, top, bottom}, {clientX, clientY}) {
  return left <= clientX && clientX <= right && top <= clientY && clientY <= bottom
}

// The button that was pressed, or the one which the server has put in its place elsewhere.
function still_there({button, label}) {
  if (button.isConnected) return button
  const visible = buttons_labelled(label).filter((each) => each?.checkVisibility())
  return visible.length === 1 ? visible[0] : null
}

export function render({model}) {
  let held = null
  // A field that loses the focus to a press may move the button away before it is let go. Not to a
  // finger's, which takes the focus, and clicks, some time after it has left.
  const down = (event) => {
    held = null
    if (event.pointerType === "touch") return
    const path = event.composedPath(), button = path.find((each) => each.matches?.("button"))
    const {host} = button?.getRootNode() ?? {}
    const is_alone = host && buttons_of(host).length === 1
    held = is_alone && {button, label: label_of(host), box: button.getBoundingClientRect()}
  }
  const up = (event) => {
    if (held && !is_within(held.box, event)) held = null
    // If the button has not moved, its click comes first; on a busy page the next press may, too.
    setTimeout(press_what_moved, 0, held)
  }
  const press_what_moved = (let_go) => {
    if (!let_go || let_go !== held) return
    held = null
    still_there(let_go)?.click()
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
