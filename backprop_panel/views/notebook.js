// Serves in the page what Bokeh, Panel and panel-material-ui would fetch from their CDN: `styles` is
// CSS by its address, `modules` is JavaScript by its address.
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

  // Panel returns each change to the kernel that sent it, which Bokeh's own server sessions do not.
  // The kernel needs seconds to read a frame that it has just made.
  const comms = Bokeh.Models.get("panel.models.comm_manager.CommManager").prototype
  const {_document_changed} = comms
  comms._document_changed = function(event) {
    if (event.sync) _document_changed.call(this, event)
  }

  Bokeh.asks_no_network = true
}
