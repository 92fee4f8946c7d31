"""Tell the address of a page's server to the script that is called when its connection is lost.

Another page may show a document, and then its own address is not that of the document's server.
BokehJS keeps the connection as a private member of the event.

Gain: a page says whether its server is gone, and when it answers again.
Upstream: the address of the server, in the event.
Without the symbols: the notice of a lost connection does not appear, and its script fails.
"""

from pathlib import Path

SERVER_ADDRESS = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
"""A JavaScript function that the notice calls."""
