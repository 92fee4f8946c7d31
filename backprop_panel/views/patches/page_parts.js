// Opens and closes the drawers of the page, in the browser: a page that still opens misses what the
// server answers.
function open_drawers({model}, which) {
  for (const {data} of model.document.roots())
    if (data?.attributes && "contextbar_open" in data.attributes) data.setv(which)
}

// Tells screen readers what the handles of the drawers are: they have a name, and no role.
function name_handles(element) {
  const shadows = []
  for (let root = element.getRootNode(); root.host; root = root.host.getRootNode()) shadows.push(root)
  const page = shadows.at(-1)
  const name = () => page.querySelectorAll('[aria-label^="Resize "]').forEach((handle) => {
    handle.setAttribute("role", "separator")
  })
  const changed = new MutationObserver(name)
  changed.observe(page, {childList: true, subtree: true})
  name()
  return changed
}
