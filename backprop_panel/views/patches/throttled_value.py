"""Let a slider report the same step twice.

A slider's `value_throttled` is for Panel alone to set, and an equal value is no change: who chooses
the same step again, after the page has left it in another way, would see nothing happen.

Gain: each move of the handle is told.
Upstream: an event of the slider for each end of a move.
Without the symbol: a step that is chosen twice in succession is shown the first time only.
"""

from __future__ import annotations

import panel_material_ui as pmui
import param


def set_throttled(slider: pmui.IntSlider, value: int) -> None:
    """Set what a slider last reported, so that the next report differs from it."""
    with param.edit_constant(slider):
        slider.value_throttled = value
