// Answers in the page what Bokeh, Panel and panel-material-ui would ask of their CDN: `styles` has
// CSS by its address, `modules` JavaScript.
(Bokeh, styles, modules, fonts) => {
  const address = (text, type) => URL.createObjectURL(new Blob([text], {type}))

  const sheets = Bokeh.require("core/dom").ImportedStyleSheet.prototype
  const {install} = sheets
  const known = new Map(Object.entries(styles))
  sheets.install = function(element) {
    const url = this.el.href.split("?")[0]
    if (known.has(url)) {
      if (!known.get(url).startsWith("blob:")) known.set(url, address(known.get(url), "text/css"))
      this.el.href = known.get(url)
    }
    install.call(this, element)
  }

  const imports = Object.entries(modules).map(([url, text]) => [url, address(text, "text/javascript")])
  importShim.addImportMap({imports: Object.fromEntries(imports)})

  for (const [family, weight, url] of fonts)
    document.fonts.add(new FontFace(family, `url(${url})`, {weight}))

  // What the kernel has said is not sent back to it, as Panel does, and Bokeh's server does not: a
  // frame would take seconds.
  const comms = Bokeh.Models.get("panel.models.comm_manager.CommManager").prototype
  const {_document_changed} = comms
  comms._document_changed = function(event) {
    if (event.sync) _document_changed.call(this, event)
  }

  Bokeh.asks_no_network = true
}
