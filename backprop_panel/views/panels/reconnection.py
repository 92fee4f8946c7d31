"""A page whose connection broke down comes back to its session."""

from __future__ import annotations

from panel.custom import JSComponent


class Reconnection(JSComponent):
    """Mends how Bokeh 3.9 comes back to a session; it is part of a page, and shows nothing.

    Bokeh reads what comes over the new connection as the rest of a message that the old one had
    begun, takes the document without its arrays, and sends all of it back to the server. It fails
    to send what is done meanwhile, which is undone by the document that comes.
    """

    _esm = """
    function mend() {
      const connections = Bokeh.require("client/connection").ClientConnection.prototype
      if (connections.mended) return
      connections.mended = true
      const {Document} = Bokeh.require("document/document")
      const {Receiver} = Bokeh.require("protocol/receiver")
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
          replace(this.session.document, Document.from_json(doc_json, [], buffers))
          resolve(this.session)
        } catch (error) {
          reject(error)
        }
      }
    }

    export function render() {
      mend()
      return document.createElement("span")
    }
    """
