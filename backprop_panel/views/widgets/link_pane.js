// The address is made in the browser, which alone knows the host and the path that lead here.
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    // A page without https may not use the clipboard.
    const area = document.createElement("textarea")
    area.value = text
    document.body.append(area)
    area.select()
    document.execCommand("copy")
    area.remove()
  }
}

export function render({ model }) {
  const line = document.createElement("div")
  const link = document.createElement("a")
  const button = document.createElement("button")
  line.append(link, " ", button)
  button.textContent = "Copy"
  button.setAttribute("aria-label", "Copy the link")
  const show = () => {
    link.textContent = model.label
    link.href = location.origin + location.pathname + (model.query && `?${model.query}`)
    button.textContent = "Copy"
  }
  button.onclick = async () => {
    await copy(link.href)
    button.textContent = "Copied"
  }
  model.on("query", show)
  show()
  return line
}
