// Shows HTML whose elements with `data-tex` are equations, and reports what is clicked and pointed at.

const COPIED_MILLISECONDS = 1200

const SMALLEST = 9.1  // pixels of an equation's element, whose letters are 1.21 times as large

const SMALLEST_IN_TABLE = 11  // pixels of a table's type

function addFonts(fonts) {
  if (!fonts.length || document.bpMathFonts) return
  document.bpMathFonts = true
  for (const [family, style, url] of fonts)
    document.fonts.add(new FontFace(family, `url(${url})`, {style}))
}

// All are drawn before one is measured, since a measurement lays out what was drawn.
function typeset(elements) {
  elements.forEach(typeset_equation)
  fit(elements)
}

// Equations that are wider than their panel are set smaller; below a legible size they scroll.
function fit(elements) {
  for (const element of elements) element.style.fontSize = ""
  const sizes = elements.map(fitting_size)
  elements.forEach((element, at) => { element.style.fontSize = sizes[at] })
  // What scrolls can be scrolled with the keyboard.
  const scroll = elements.map((element) => element.scrollWidth > element.clientWidth + 1)
  elements.forEach((element, at) => {
    if (scroll[at]) element.tabIndex = 0
    else element.removeAttribute("tabindex")
  })
}

// Sets tables that are wider than their panel smaller; below a legible size they scroll.
function fit_tables(box) {
  const scrolled = [...box.querySelectorAll(".bp-scroll")], tables = scrolled.map((each) => each.firstElementChild)
  for (const table of tables) table.style.zoom = ""
  const shares = scrolled.map((each) => each.clientWidth / each.scrollWidth)
  const legible = tables.map((table) => SMALLEST_IN_TABLE / parseFloat(getComputedStyle(table).fontSize))
  tables.forEach((table, at) => {
    if (shares[at] < 1) table.style.zoom = Math.min(Math.max(shares[at] - 0.005, legible[at]), 1)
  })
}

function fitting_size(element) {
  const width = width_of_equation(element), room = element.clientWidth - 16
  if (room <= 0 || width <= room) return ""
  const size = parseFloat(getComputedStyle(element).fontSize)
  return `${Math.max(size * room / width, SMALLEST)}px`
}

// Takes over what differs in another tree, so that what stays keeps its focus, and little is laid out.
// Equations that have changed are added to `equations`, to be typeset.
function morph(before, after, equations) {
  if (before.nodeName !== after.nodeName) return before.replaceWith(after)
  if (before.nodeType === Node.TEXT_NODE) {
    if (before.data !== after.data) before.data = after.data
    return
  }
  const {tex} = after.dataset
  if (tex !== undefined && tex === before.dataset.tex) return
  // What is being typed stays, until it was answered.
  const {version} = after.dataset
  const typing = version !== undefined && version === before.dataset.version
  for (const {name} of [...before.attributes]) if (!after.hasAttribute(name)) before.removeAttribute(name)
  for (const {name, value} of after.attributes) {
    if (before.getAttribute(name) !== value) before.setAttribute(name, value)
  }
  if (after.type === "checkbox") before.checked = after.checked
  if (tex !== undefined) equations.push(before)
  else morphChildren(before, after, equations)
  if (after.name && !typing) before.value = after.value
}

function morphChildren(before, after, equations) {
  const olds = [...before.childNodes], news = [...after.childNodes]
  news.forEach((node, at) => {
    if (at >= olds.length) before.append(node)
    else morph(olds[at], node, equations)
  })
  for (const old of olds.slice(news.length)) old.remove()
  for (const node of news) {
    if (!node.isConnected || node.nodeType !== Node.ELEMENT_NODE) continue
    if (node.dataset.tex !== undefined) equations.push(node)
    else equations.push(...node.querySelectorAll("[data-tex]"))
  }
}

async function copy(button) {
  const text = button.dataset.copy
  try {
    await navigator.clipboard.writeText(text)
  } catch {  // the clipboard is only there on pages that are served securely
    const area = Object.assign(document.createElement("textarea"), {value: text})
    button.after(area)
    area.select()
    document.execCommand("copy")
    area.remove()
  }
  const label = button.textContent
  button.textContent = "Copied"
  setTimeout(() => { button.textContent = label }, COPIED_MILLISECONDS)
}

// Presses the element whose key it is, as long as that is in sight.
function pressed(box, event) {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return
  const target = box.querySelector(`[data-hotkey="${CSS.escape(event.key)}"]:not(:disabled)`)
  if (!target?.getClientRects().length) return
  if (goes_to(event, MOVED_BY_KEYS)) return
  event.preventDefault()
  target.click()
}

// Scrolls a row sideways, and nothing else, until an element of it is in its middle.
function centre(element) {
  const row = element.parentElement
  row.scrollLeft = element.offsetLeft - row.offsetLeft - (row.clientWidth - element.offsetWidth) / 2
}

// Scrolls what holds an element, but not the whole page, to its top.
function scroll_to_top(element) {
  for (let each = element; each; each = each.parentNode ?? each.host) {
    if (each.scrollTop && each !== document.scrollingElement) each.scrollTop = 0
  }
}

export function render({model, el}) {
  addFonts(model.fonts)
  const box = document.createElement("div")
  box.className = "bp-inspector"
  el.append(box)

  const show = () => {
    const template = document.createElement("template")
    template.innerHTML = model.html
    const equations = []
    morphChildren(box, template.content, equations)
    typeset(equations)
    fit_tables(box)
    box.querySelectorAll("[data-centred]").forEach(centre)
  }
  const send = ({dataset, type, checked}) => {
    const message = JSON.parse(dataset.send)
    model.send_msg(type === "checkbox" ? {...message, on: checked} : message)
  }
  box.addEventListener("click", (event) => {
    const target = event.target.closest("[data-send], [data-copy]")
    if (target?.dataset.copy) copy(target)
    else if (target) send(target)
  })
  box.addEventListener("submit", (event) => {
    event.preventDefault()
    const form = event.target
    model.send_msg({[form.dataset.form]: form.elements.value.value})
  })
  box.addEventListener("change", ({target}) => {
    if (target.matches("select")) model.send_msg({[target.name]: target.value})
  })
  const on_key = (event) => pressed(box, event)
  document.addEventListener("keydown", on_key)
  let ringed = ""
  const ring = (event) => {
    const cells = event.target?.closest?.("[data-ring]")?.dataset.ring ?? ""
    if (cells === ringed) return
    ringed = cells
    model.send_msg({ring: cells ? JSON.parse(cells) : []})
  }
  for (const name of ["mouseover", "focusin"]) box.addEventListener(name, ring)
  for (const name of ["mouseleave", "focusout"]) box.addEventListener(name, () => ring({}))
  let width = 0
  const resized = new ResizeObserver(() => {
    if (box.clientWidth !== width) {
      fit([...box.querySelectorAll("[data-tex]")])
      fit_tables(box)
    }
    width = box.clientWidth
  })
  resized.observe(box)
  // Once what is above it is laid out.
  const reveal = () => setTimeout(() => box.scrollIntoView({block: "nearest"}), 150)
  model.on("html", show)
  model.on("at_top", () => scroll_to_top(box))
  model.on("revealed", reveal)
  model.on("remove", () => {
    resized.disconnect()
    document.removeEventListener("keydown", on_key)
  })
  show()
  if (model.revealed) reveal()
}
