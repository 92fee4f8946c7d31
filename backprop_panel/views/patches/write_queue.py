"""Send every message to a page, also one that arrives while another is being written.

Panel 1.9 queues messages while a socket is busy. A message that arrives between the last write and
the release of the queue stays there until the next message to the same page. There may be none: a
page then never shows that **Pause** was pressed.

Gain: no message stays in the queue.
Upstream: `_dispatch_msgs` would look at the queue again after it has released it.
Without the symbols: importing `backprop_panel.views` fails.
"""

from __future__ import annotations

from functools import wraps

from bokeh.document import Document
from panel.io import document as panel_document


def flush_write_queue() -> None:
    """Make Panel write until the queue of a page is empty. A second call changes nothing."""
    dispatch = panel_document._dispatch_msgs
    if hasattr(dispatch, "__wrapped__"):
        return

    @wraps(dispatch)
    async def dispatch_all(doc: Document) -> None:
        """Write the queue of a document until it is empty."""
        await dispatch(doc)
        while doc in panel_document._WRITE_MSGS and doc not in panel_document._WRITE_BLOCK:
            panel_document._WRITE_BLOCK[doc] = True
            await dispatch(doc)

    panel_document._dispatch_msgs = dispatch_all
