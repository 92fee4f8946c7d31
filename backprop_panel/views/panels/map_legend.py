"""The legend of the network map: its colours, and where each scale ends."""

from __future__ import annotations

from collections.abc import Mapping

from ..plots.colors import Theme

LABELS = {
    "weight": "weights",
    "activation": "activations",
    "logit": "ŷ",
    "gradient of weight": "dW",
    "gradient of activation": "da",
    "gradient of logit": "dŷ",
}
"""What the legend calls each kind of cells."""

OF_DELTAS = {"gradient of activation": "δ", "gradient of logit": "δ of ŷ"}
"""What it calls those whose gradients are shown as deltas."""


def map_legend(
    theme: Theme, ends: Mapping[str, float], is_difference: bool, of_deltas: bool = False
) -> str:
    """Return the legend as HTML.

    Parameters
    ----------
    theme : Theme
    ends : mapping of str to float
        Where the scale of each kind ends; empty if each heatmap has its own.
    is_difference : bool
        Whether the map shows differences.
    of_deltas : bool
        Whether the gradients of activations are shown as deltas.
    """
    ramp = ", ".join(theme.diverging(9))
    style = f"background:linear-gradient(90deg, {ramp})"
    labels = (
        LABELS | {"gradient of activation": "δ", "gradient of logit": "δ of ŷ"}
        if of_deltas
        else LABELS
    )
    shared = [f"{label} ±{ends[kind]:.2g}" for kind, label in labels.items() if kind in ends]
    scales = " · ".join(shared) or "each heatmap to its own largest magnitude"
    prefix = "<b>differences</b> · " if is_difference else ""
    return f'{prefix}− <span class="bp-ramp" style="{style}"></span> + {scales}'
