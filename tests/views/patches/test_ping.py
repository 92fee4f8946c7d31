"""Pings of connections that are closed."""

from bokeh.document import Document
from bokeh.server.connection import ServerConnection
from bokeh.server.session import ServerSession
from tornado.websocket import WebSocketClosedError

import backprop_panel.views  # noqa: F401 - it applies the patch


class ClosedSocket:
    def ping(self, data):
        raise WebSocketClosedError


def test_a_closed_connection_keeps_its_session_when_pinged():
    session = ServerSession("session", Document())
    connection = ServerConnection(None, ClosedSocket(), None, session)
    connection.send_ping()
    assert connection.session is session
