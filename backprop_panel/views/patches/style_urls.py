"""Load a page's style sheets from its own server.

Panel sets the URL of its style sheets as it answers the request for a page. With
``--reuse-sessions`` that is another page, and the style sheets of this one would come from Panel's
CDN.

Gain: pages work offline with ``--reuse-sessions``.
Upstream: Panel would set `dist_url` for each document as it is made.
Without the symbols: without `LOCAL_DIST`, importing `backprop_panel.views` fails; without
`dist_url`, the style sheets come from the CDN with that option.
"""

from __future__ import annotations

import panel as pn
from bokeh.document import Document
from bokeh.settings import settings
from panel.io.resources import LOCAL_DIST


def serve_style_sheets(document: Document) -> None:
    """Let the style sheets of a page come from this server, unless Bokeh's settings say else."""
    if settings.resources(default="server") == "server":
        up = f"{pn.state.rel_path}/" if pn.state.rel_path else ""
        document.template_variables["dist_url"] = f"{up}{LOCAL_DIST}"
