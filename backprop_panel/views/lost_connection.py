"""The notice of a page whose server is gone: the browser makes it, as no server can."""

from __future__ import annotations

from pathlib import Path

from bokeh.document import Document
from bokeh.events import ClientReconnected, ConnectionLost
from bokeh.models import CustomJS

from .patches.server_address import SERVER_ADDRESS

NOTICE = SERVER_ADDRESS + Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
"""The JavaScript that shows the notice, or removes it once the connection is made again."""


def announce_lost_connection(document: Document) -> None:
    """Let a document's page say when its server is gone, and when it answers again.

    Panel's own notification is a small one in a corner, and does not say when to reload.
    """
    notice = CustomJS(code=NOTICE)
    for event in (ConnectionLost, ClientReconnected):
        document.js_on_event(event, notice)
