// Returns each text of the page that is smaller than `smallest` pixels, or whose contrast is below 4.5.
([smallest]) => {
  const rgba = (text) => {
    const parts = text.match(/[\d.]+/g)?.map(Number) ?? [0, 0, 0, 0]
    const colour = text.startsWith("color(") ? parts.slice(0, 3).map((each) => each * 255) : parts.slice(0, 3)
    return [...colour, parts[3] ?? 1]
  }
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a)]
  const luminance = (colour) => {
    const [r, g, b] = colour.map((each) => each / 255 <= 0.04045 ? each / 3294.6 : ((each / 255 + 0.055) / 1.055) ** 2.4)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const contrast = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b)
    return (high + 0.05) / (low + 0.05)
  }
  const parent = (node) => node.assignedSlot ?? node.parentElement ?? node.getRootNode().host
  // Sub- and superscripts of equations are smaller by convention, what is disabled is fainter.
  const LEFT_OUT = "[disabled], .Mui-disabled, .katex, .bp-said-aloud"

  const found = []
  const look_at = (text) => {
    const range = document.createRange()
    range.selectNodeContents(text)
    const box = range.getBoundingClientRect(), element = text.parentElement ?? text.getRootNode().host
    const style = getComputedStyle(element)
    if (!box.width || !box.height || style.visibility !== "visible") return
    let opacity = 1, scale = 1, ground = [255, 255, 255]
    const grounds = []
    for (let each = element; each; each = parent(each)) {
      const {display, opacity: own, transform, backgroundColor} = getComputedStyle(each)
      if (display === "none" || each.matches(LEFT_OUT)) return
      opacity *= Number(own)
      if (transform.startsWith("matrix(")) scale *= Number(transform.split(",")[3])
      grounds.push(rgba(backgroundColor))
    }
    for (const each of grounds.reverse()) ground = over(each, ground)
    const size = parseFloat(style.fontSize) * scale, [r, g, b, a] = rgba(style.color)
    const seen = contrast(over([r, g, b, a * opacity], ground), ground)
    const words = text.data.trim()
    if (size < smallest - 0.01) found.push(`${words}: ${size.toFixed(1)} px`)
    // A line or a dot of a legend is no text: 3 will do.
    if (opacity > 0.05 && seen < (/\w/.test(words) ? 4.5 : 3)) found.push(`${words}: contrast ${seen.toFixed(2)}`)
  }
  const walk = (root) => {
    for (const each of root.childNodes) {
      if (each.nodeType === Node.TEXT_NODE && each.data.trim()) look_at(each)
      if (each.nodeType !== Node.ELEMENT_NODE || ["STYLE", "SCRIPT"].includes(each.tagName)) continue
      if (each.shadowRoot) walk(each.shadowRoot)
      walk(each)
    }
  }
  walk(document.body)
  const plots = [...Bokeh.index.query(({model}) => model.type === "Figure")].flatMap(({model}) =>
    [...model.below, ...model.left, ...model.right].flatMap((axis) =>
      ["major_label_text_font_size", "axis_label_text_font_size"]
        .filter((name) => axis[name]?.endsWith("px") && parseFloat(axis[name]) < smallest)
        .map((name) => `${name} of ${model.name}: ${axis[name]}`)))
  return [...new Set([...found, ...plots])]
}
