"""The fields of the sidebar that say how the map is drawn."""

from __future__ import annotations

import panel as pn
import panel_material_ui as pmui

from ..state.checks import Checks
from ..state.session import Session
from ..widgets.buttons import SMALL
from .network_map import NetworkMap


def map_fields(
    session: Session, network_map: NetworkMap, checks: Checks
) -> list[pn.viewable.Viewable]:
    """Return the fields for the colours of the map, its width and its lower row."""
    state, scales = network_map.state.param, network_map.scales.param
    return [
        pmui.Select.from_param(scales.spacing, label="Colour scale", description="", **SMALL),
        pmui.Select.from_param(scales.shared_by, label="One scale for", description="", **SMALL),
        pmui.Checkbox.from_param(scales.locked, label="Lock scale", description="", margin=0),
        pmui.Checkbox.from_param(
            state.fitted, label="Fit the map to the window", description="", margin=0
        ),
        pmui.Checkbox.from_param(
            session.param.deltas_shown, label="Show δ = ∂L/∂z, not ∂L/∂a", description="", margin=0
        ),
        pmui.Checkbox.from_param(
            checks.gradients.param.on,
            label="Show gradient check, not dW",
            description="",
            margin=0,
        ),
    ]
