"""Keep the page's theme from styling the axes of plots.

The theme of Panel Material UI sets fonts and colours of all axes in the browser. The map sets its
own: labels as small as its cells.

Gain: looks only.
Upstream: a public parameter of `Page` for the models that its theme leaves alone.
Without the symbol: axes get the theme's fonts, which are larger than the cells.
"""

from __future__ import annotations

import panel_material_ui as pmui


def keep_axis_style(page: pmui.Page) -> None:
    """Let axes keep the style that their plots give them."""
    page._custom_theme = ["Axis"]
