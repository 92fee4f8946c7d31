"""A part that is added to its layout only when first shown, so that the page opens sooner."""

from __future__ import annotations

import panel as pn


def show_late_part(
    part: pn.layout.ListPanel, layout: pn.layout.ListPanel, visible: bool = True
) -> None:
    """Show a part, or hide it; the first time that it is shown, append it to its layout."""
    part.visible = visible
    if visible and part not in layout:
        layout.append(part)
