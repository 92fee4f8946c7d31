function lay_out_once_a_frame() {
  const views = Bokeh.require("models/layouts/layout_dom").LayoutDOMView.prototype
  if (views.coalesces_resizes) return
  const {_after_resize} = views
  const frames = new WeakMap(), awaiting = new WeakSet()
  views._after_resize = function() {
    let top = this
    while (top.is_managed) top = top.parent
    const frame = document.timeline.currentTime
    if (frames.get(top) !== frame) {
      frames.set(top, frame)
      _after_resize.call(this)
    } else if (!awaiting.has(top)) {
      awaiting.add(top)
      requestAnimationFrame(() => {
        awaiting.delete(top)
        if (top.el.isConnected) top.compute_layout()
      })
    }
  }
  views.coalesces_resizes = true
}
