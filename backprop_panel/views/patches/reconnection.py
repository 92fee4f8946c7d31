"""Let a page return to its session after its connection was lost.

When BokehJS 3.9 reconnects, it reads the first bytes as the rest of a message from the old
connection, loads the document without its arrays, and sends all of it back to the server. It also
fails to send events that occur meanwhile; the reloaded document undoes those. To the new session of
a server that was restarted it does not say that the page is ready, which the parts wait for that a
page opens without.

Gain: a page whose connection was lost works again. Without the patch it does not.
Upstream: `ClientConnection` would start a new `Receiver` with each connection, and replace the
document with its buffers and without sending it back.
Without the symbols: a page must be reloaded after its connection was lost.
"""

from pathlib import Path

RECONNECTION = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
"""The JavaScript of the patch."""
