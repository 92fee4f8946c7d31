"""The reconnection of a page to its session after a lost connection."""

from __future__ import annotations

from panel.custom import JSComponent


class Reconnection(JSComponent):
    """An invisible part of a page that corrects how Bokeh 3.9 reconnects to a session.

    After a reconnection, Bokeh parses the first message as the rest of one that the old connection
    left incomplete, takes the document without its binary buffers, and sends all models back to the
    server. While disconnected, it raises an error at each change in the browser.

    Here the receiver is new with each connection, the document comes with its buffers and is not
    sent back, and changes made while disconnected are dropped: the server's document replaces them.
    """

    _esm = """
    function patch() {
      const connections = Bokeh.require("client/connection").ClientConnection.prototype
      if (connections.patched) return
      connections.patched = true
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
      patch()
      return document.createElement("span")
    }
    """
