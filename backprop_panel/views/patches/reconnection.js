function reconnect() {
  const connections = Bokeh.require("client/connection").ClientConnection.prototype
  if (connections.reconnects) return
  connections.reconnects = true
  const {Document} = Bokeh.require("document/document")
  const {Receiver} = Bokeh.require("protocol/receiver")
  const {DocumentReady} = Bokeh.require("core/bokeh_events")
  const {connect, _repull_session_doc} = connections

  connections.connect = function() {
    this._receiver = new Receiver()
    return connect.call(this)
  }

  connections.send = function(message) {
    if (this.socket?.readyState === WebSocket.OPEN) message.send(this.socket)
  }

  function replace(document, fresh) {
    const {config} = fresh
    const roots = [...fresh.roots()]
    document.clear({sync: false})
    fresh.clear({sync: false})
    document.config = config
    for (const root of roots) document.add_root(root, {sync: false})
    document._new_models.clear()
  }

  connections._repull_session_doc = async function(resolve, reject) {
    if (this.session == null) return _repull_session_doc.call(this, resolve, reject)
    try {
      const {doc_json, buffers} = await this._pull_doc_json()
      const {document} = this.session
      replace(document, Document.from_json(doc_json, [], buffers))
      resolve(this.session)
      // Else the session of a server that was started again waits for it, and its page stays empty.
      document.event_manager.send_event(new DocumentReady())
    } catch (error) {
      reject(error)
    }
  }
}
