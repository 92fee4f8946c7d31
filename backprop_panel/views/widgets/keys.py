"""The keys of the page, and what each does: the one place that knows them.

The scripts of the page take theirs from here. A plot that has the focus keeps those it has a use
for; slow motion and the page each act on the rest, so that Escape may end both. `Help` has no keys
of its own: any key hides its text, and the one that moves the focus brings another.
"""

from __future__ import annotations

import json
from pathlib import Path

IN_PLOT = {
    "ArrowLeft": "left",
    "ArrowRight": "right",
    "ArrowUp": "up",
    "ArrowDown": "down",
    "Home": "first column",
    "End": "last column",
    "PageUp": "page up",
    "PageDown": "page down",
    "Enter": "select",
    " ": "select",
    "t": "table",
    "Escape": "leave",
}
"""In the plot that has the focus: a table of any plot, all else in heatmaps. See `PlotKeys`."""

IN_SLOW_MOTION = {"previous": "ArrowLeft", "next": "ArrowRight", "leave": "Escape"}
"""By what a button of slow motion does, its key. See `ExplanationPane`."""

ON_PAGE = {"p": "present", "Escape": "end"}
"""Anywhere but in a field: the presentation. See `PageFit`."""

KEYS = f"const IN_PLOT = {json.dumps(IN_PLOT)}, ON_PAGE = {json.dumps(ON_PAGE)}\n" + Path(
    __file__
).with_suffix(".js").read_text(encoding="utf-8")
"""JavaScript: the keys, and functions that tell what a key does and to whom it belongs."""
