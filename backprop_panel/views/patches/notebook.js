// Serves in the page what Bokeh, Panel and panel-material-ui would fetch from their CDN: `styles` is
// CSS by its address, `modules` is JavaScript by its address.
(Bokeh, styles, modules, fonts) => {
  const PATIENCE = 5 // Seconds without a message from the kernel.
  const NOT_CONNECTED = "Not connected to the kernel: it is busy, or this is how the workbench was " +
    "when its cell was run. Run the cell again to go on."

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

  const comms = Bokeh.Models.get("panel.models.comm_manager.CommManager").prototype
  const {initialize, msg_handler, _document_changed} = comms

  // An output that a page draws from the notebook's file, or once more, shows the workbench as it was
  // when its cell was run. What the kernel has changed since is lost to it: it takes no changes.
  comms.initialize = function() {
    const drawn = window.PyViz?.shared_views?.get(this.plot_id) ?? []
    const is_first = drawn.length === 0
    initialize.call(this)
    if (!is_first) drawn.splice(drawn.indexOf(this), 1)
    tell_unless_connected(this)
  }

  comms.msg_handler = function(msg) {
    this.is_connected = true
    this.note?.remove()
    msg_handler.call(this, msg)
  }

  // Panel returns each change to the kernel that sent it, which Bokeh's own server sessions do not.
  // The kernel needs seconds to read a frame that it has just made.
  comms._document_changed = function(event) {
    if (event.sync && (this.is_connected || !this.note)) _document_changed.call(this, event)
  }

  // The kernel answers with a message when the page has opened the channel.
  function tell_unless_connected(manager) {
    let looks = 0
    const look = () => {
      const [view] = Bokeh.index.query(({model}) =>
        model.document === manager.document && model.css_classes?.includes?.("bp-workbench"))
      if (view) looks += 1
      if (looks === PATIENCE && !manager.is_connected) {
        manager.note = note()
        view.el.before(manager.note)
      }
      if (looks < PATIENCE && !manager.is_connected) setTimeout(look, 1000)
    }
    setTimeout(look, 1000)
  }

  function note() {
    const made = document.createElement("p")
    made.setAttribute("role", "status")
    made.textContent = NOT_CONNECTED
    made.style.cssText = "margin: 4px 8px; font: 700 13px/1.5 Roboto, Helvetica, Arial, sans-serif"
    return made
  }

  Bokeh.asks_no_network = true
}
