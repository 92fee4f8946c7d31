"""Every message to a page is sent, also one that comes while another is on its way."""

from __future__ import annotations

from functools import wraps

from bokeh.document import Document
from panel.io import document as panel_document


def leave_no_message_behind() -> None:
    """Mend how Panel 1.9 sends what had to wait until a socket was free.

    A message that comes between the last write of those before it and the moment at which Panel
    takes note of that is left lying until the next message to the same page. There may be none: a
    button that was pressed then never shows it.
    """
    send = panel_document._dispatch_msgs

    @wraps(send)
    async def send_all(doc: Document) -> None:
        await send(doc)
        while doc in panel_document._WRITE_MSGS and doc not in panel_document._WRITE_BLOCK:
            panel_document._WRITE_BLOCK[doc] = True
            await send(doc)

    panel_document._dispatch_msgs = send_all
