function send_no_models_back() {
  const {Deserializer} = Bokeh.require("core/serialization/deserializer")
  const {Document} = Bokeh.require("document/document")
  if (Document.sends_no_models_back) return
  Document.sends_no_models_back = true
  const {decode} = Deserializer.prototype
  const {create_json_patch} = Document.prototype
  const received = new WeakSet()

  Deserializer.prototype.decode = function(...given) {
    const {finalize} = this
    this.finalize = (model) => {
      received.add(model)
      finalize?.(model)
    }
    try {
      return decode.apply(this, given)
    } finally {
      this.finalize = finalize
    }
  }

  Document.prototype.create_json_patch = function(events) {
    for (const model of this._new_models) {
      // Once only: what has left the document is new to the server if it comes back.
      if (received.delete(model)) this._new_models.delete(model)
    }
    return create_json_patch.call(this, events)
  }
}
