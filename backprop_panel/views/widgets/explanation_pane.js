// Shows HTML whose elements with `data-tex` are equations, and reports what is clicked and pointed at.

const COPIED_MILLISECONDS = 1200

function addFonts(fonts) {
  if (document.bpMathFonts) return
  document.bpMathFonts = true
  for (const [family, style, url] of fonts)
    document.fonts.add(new FontFace(family, `url(${url})`, {style}))
}

function typeset(element) {
  window.katex.render(element.dataset.tex, element, {
    displayMode: true, throwOnError: false, output: "htmlAndMathml",
  })
  fit(element)
}

// An equation that is wider than its panel is set smaller; below a legible size it scrolls.
function fit(element) {
  element.style.fontSize = ""
  const equation = element.querySelector(".katex-html")
  if (!equation) return
  const width = Math.max(...[...equation.querySelectorAll(".base")].map((base) => base.offsetWidth), 1)
  const room = element.clientWidth - 16
  if (room > 0 && width > room) {
    const size = parseFloat(getComputedStyle(element).fontSize)
    element.style.fontSize = `${Math.max(size * room / width, 9)}px`
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

export function render({model, el}) {
  addFonts(FONTS)
  const box = document.createElement("div")
  box.className = "bp-inspector"
  el.append(box)

  const show = () => {
    const focused = box.getRootNode().activeElement?.dataset?.key
    box.innerHTML = model.html
    box.querySelectorAll("[data-tex]").forEach(typeset)
    if (focused) box.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus()
  }
  box.addEventListener("click", (event) => {
    const target = event.target.closest("[data-send], [data-copy]")
    if (target?.dataset.copy) copy(target)
    else if (target) model.send_msg(JSON.parse(target.dataset.send))
  })
  let ringed = ""
  const ring = (event) => {
    const cells = event.target?.closest?.("[data-ring]")?.dataset.ring ?? ""
    if (cells === ringed) return
    ringed = cells
    model.send_msg({ring: cells ? JSON.parse(cells) : []})
  }
  for (const name of ["mouseover", "focusin"]) box.addEventListener(name, ring)
  for (const name of ["mouseleave", "focusout"]) box.addEventListener(name, () => ring({}))
  const resized = new ResizeObserver(() => box.querySelectorAll("[data-tex]").forEach(fit))
  resized.observe(box)
  // Once what is above it is laid out.
  const reveal = () => setTimeout(() => box.scrollIntoView({block: "nearest"}), 150)
  model.on("html", show)
  model.on("revealed", reveal)
  model.on("remove", () => resized.disconnect())
  show()
  if (model.revealed) reveal()
}
