function typeset_equation(element) {
  window.katex.render(element.dataset.tex, element, {
    displayMode: true, throwOnError: false, output: "htmlAndMathml",
  })
}

// The width in pixels of the widest part of an equation that is not broken into lines.
function width_of_equation(element) {
  const bases = [...element.querySelectorAll(".katex-html .base")]
  return Math.max(...bases.map((base) => base.offsetWidth), 1)
}
