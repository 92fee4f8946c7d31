// Serves in the page what Bokeh, Panel and panel-material-ui would fetch from their CDN: `styles` is
// CSS by its address, `modules` is JavaScript by its address.
(Bokeh, styles, modules, fonts) => {
  const PATIENCE = 5000 // Milliseconds without a message from the kernel.
  const MOST_LOOKS = 24
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
  // when its cell was run. The changes since are lost to it, so that it takes and sends none.
  comms.initialize = function() {
    this.is_drawn_again = Boolean(window.PyViz?.shared_views?.get(this.plot_id)?.length)
    this.held = []
    initialize.call(this)
    setTimeout(() => tell_unless_connected(this, 0), PATIENCE)
  }

  // The kernel answers with a message when the first page has opened the channel.
  comms.msg_handler = function(msg) {
    if (has_workbench(this)) {
      if (this.is_drawn_again) return
      connect(this)
    }
    msg_handler.call(this, msg)
  }

  // Panel returns each change to the kernel that sent it, which Bokeh's own server sessions do not.
  // The kernel needs seconds to read a frame that it has just made.
  comms._document_changed = function(event) {
    if (!event.sync) return
    if (this.is_connected || !has_workbench(this)) _document_changed.call(this, event)
    else this.held.push(event)
  }

  // What was done before goes to the kernel now: it may have been busy.
  function connect(manager) {
    if (manager.is_connected) return
    manager.is_connected = true
    manager.note?.remove()
    for (const event of manager.held.splice(0)) _document_changed.call(manager, event)
  }

  const is_workbench = (model) => model.css_classes?.includes?.("bp-workbench")

  function has_workbench(manager) {
    if (!manager.document) return false
    return manager.has_workbench ??= manager.document.roots().some((root) =>
      [...root.references()].some(is_workbench))
  }

  function tell_unless_connected(manager, looks) {
    if (manager.is_connected || !has_workbench(manager)) return
    const [view] = Bokeh.index.query(({model}) =>
      model.document === manager.document && is_workbench(model))
    if (view) view.el.before(manager.note = note())
    // A large page takes its time until it is drawn.
    else if (looks < MOST_LOOKS) setTimeout(() => tell_unless_connected(manager, looks + 1), PATIENCE)
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
