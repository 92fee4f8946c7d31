// Keeps the picture of the page from a press of its theme's button until all that is in sight has the
// new theme, in a browser that can: the components and plots take it one after the other.
const OFTEN = 20, PATIENCE = 1500  // milliseconds, for which the page answers no other press

const WITHOUT_FADING = "::view-transition-group(root), ::view-transition-old(root), " +
  "::view-transition-new(root) { animation: none }"

// Returns functions that tell whether all components and plots in sight have another theme than now,
// and that complete the change of all others, too.
function change_of_theme() {
  const all = [...Bokeh.index.query(({container, model}) =>
    container?.className?.includes("mui-") || model.type === "Figure")]
  const views = all.filter(({el}) => el.checkVisibility())
  const theme = ({container, model}) =>
    model.type === "Figure" ? model.background_fill_color : container.className.match(/mui-\w+/)[0]
  const before = views.map(theme)
  const is_changed = () => views.every((view, at) => theme(view) !== before[at])
  // Else buttons and labels would fade into their new colours.
  const end_fading = () => {
    const fading = all.flatMap(({shadow_el}) => shadow_el?.getAnimations() ?? [])
    for (const each of fading) if (each instanceof CSSTransition) each.finish()
  }
  return {is_changed, end_fading}
}

function switch_theme_at_once() {
  let is_own = false
  const style = document.createElement("style")
  style.textContent = WITHOUT_FADING
  document.head.append(style)
  const pressed = (event) => {
    const is_button = (each) => each.getAttribute?.("aria-label") === "Toggle theme"
    const button = event.composedPath().find(is_button)
    if (!button || is_own || !document.startViewTransition) return
    event.stopImmediatePropagation()
    const {ready, updateCallbackDone, finished} = document.startViewTransition(async () => {
      const {is_changed, end_fading} = change_of_theme()
      is_own = true
      button.click()
      is_own = false
      for (const end = performance.now() + PATIENCE; !is_changed() && performance.now() < end;)
        await new Promise((go) => setTimeout(go, OFTEN))
      end_fading()
    })
    // A page that is not seen has no picture to keep.
    for (const each of [ready, updateCallbackDone, finished]) each.catch(() => {})
  }
  document.addEventListener("click", pressed, {capture: true})
  return () => {
    document.removeEventListener("click", pressed, {capture: true})
    style.remove()
  }
}
