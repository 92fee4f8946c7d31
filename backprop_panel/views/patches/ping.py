"""Keep a connection with its session when a ping finds it closed.

Bokeh 3.9 detaches the session of such a connection at once. The session is then not told of the
loss, and the regular close of the connection fails.

Gain: a page learns of each lost connection. Without the patch it misses some.
Upstream: `BokehTornado` would leave the connection to its close handler.
Without the symbol: importing `backprop_panel.views` fails.
"""

from __future__ import annotations

from contextlib import suppress
from functools import wraps

from bokeh.server.connection import ServerConnection
from tornado.websocket import WebSocketClosedError


def tolerate_failed_pings() -> None:
    """Make pings of closed connections do nothing. A second call changes nothing."""
    ping = ServerConnection.send_ping
    if hasattr(ping, "__wrapped__"):
        return

    @wraps(ping)
    def send_ping(connection: ServerConnection) -> None:
        """Send a ping, unless the connection is closed."""
        with suppress(WebSocketClosedError):
            ping(connection)

    ServerConnection.send_ping = send_ping
