"""Tell whether a browser shows a page.

Bokeh tells a page that one of its connections was lost, and not whether another one is left: a
browser may have connected again before the message is handled.

Gain: a run goes on training when a browser has only lost and renewed its connection.
Upstream: the number of connections in the session context, or in the event.
Without the symbols: training is not stopped when its page is closed, and the server logs an error.
"""

from __future__ import annotations

from bokeh.document import Document


def is_connected(document: Document) -> bool:
    """Tell whether a browser is connected to the session of a served document."""
    return document.session_context.session.connection_count > 0
