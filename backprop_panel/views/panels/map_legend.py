"""The legend of the network map: the colours of each scale, and the numbers at its ticks."""

from __future__ import annotations

from collections.abc import Iterator

from ..plots.color_scales import ColorScale, Scales
from ..plots.colors import NOT_FINITE, Theme
from ..plots.html import round_number

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

RAMP_COLORS = 25


def map_legend(theme: Theme, scales: Scales, is_difference: bool, of_deltas: bool = False) -> str:
    """Return the legend as HTML.

    Parameters
    ----------
    theme : Theme
    scales : Scales
        Those of the kinds, or of each heatmap.
    is_difference : bool
        Whether the map shows differences.
    of_deltas : bool
        Whether the gradients of activations are shown as deltas.
    """
    labels = LABELS | OF_DELTAS if of_deltas else LABELS
    kinds = [kind for kind in labels if kind in scales.by_kind]
    if kinds:
        shown = "".join(_scale(theme, labels[kind], scales.by_kind[kind]) for kind in kinds)
    else:
        shown = _of_heatmaps(theme, scales)
    notes = "".join(_notes(theme, scales, is_difference))
    return f'<div class="bp-scales">{shown}{notes}</div>'


def _scale(theme: Theme, label: str, scale: ColorScale) -> str:
    """Return a scale: its label, its colours with lines at the ticks, and the ticks' numbers."""
    middle = scale.middle()
    lines = "".join(_line(scale, value) for value in (-middle, 0.0, middle))
    ends = {-scale.end: "start", 0.0: "middle", scale.end: "end"}
    numbers = "".join(_tick(scale, value, anchor) for value, anchor in ends.items())
    return (
        f'<div class="bp-scale" title="{_in_words(label, scale)}">'
        f'<div class="bp-ticks"><b>{label}</b>{_tick(scale, middle, "middle")}</div>'
        f'{_ramp(theme, lines)}<div class="bp-ticks">{numbers}</div></div>'
    )


def _line(scale: ColorScale, value: float) -> str:
    return f'<s style="left:{_percent(scale, value)}"></s>'


def _tick(scale: ColorScale, value: float, anchor: str) -> str:
    place = f"left:{_percent(scale, value)}"
    return f'<i class="bp-tick-{anchor}" style="{place}">{round_number(value)}</i>'


def _of_heatmaps(theme: Theme, scales: Scales) -> str:
    """Return one ramp, and where the scale of each heatmap ends."""
    ends = " · ".join(
        f"{name} ±{round_number(scale.end)}" for name, scale in scales.by_kind.items()
    )
    return f'<div class="bp-scale"><b>each heatmap</b>{_ramp(theme)}</div><div>{ends}</div>'


def _notes(theme: Theme, scales: Scales, is_difference: bool) -> Iterator[str]:
    if is_difference:
        yield "<div><b>differences</b></div>"
    if any(scale.clipped for scale in scales.by_kind.values()):
        below, above = _swatch(theme.below), _swatch(theme.above)
        yield f"<div>{below}{above} beyond the scale: 1% of the numbers</div>"
    if scales.has_not_finite:
        yield f"<div>{_swatch(NOT_FINITE)} not finite</div>"


def _ramp(theme: Theme, lines: str = "") -> str:
    colors = ", ".join(theme.diverging(RAMP_COLORS))
    return f'<div class="bp-ramp" style="background:linear-gradient(90deg, {colors})">{lines}</div>'


def _swatch(color: str) -> str:
    return f'<span class="bp-swatch" style="background:{color}"></span>'


def _percent(scale: ColorScale, value: float) -> str:
    return f"{50 + 50 * float(scale.shares(value)):.1f}%"


def _in_words(label: str, scale: ColorScale) -> str:
    if scale.linear is None or scale.linear >= scale.end:
        return f"{label}: linear, from −{round_number(scale.end)} to {round_number(scale.end)}"
    return (
        f"{label}: linear up to about ±{round_number(scale.linear)}, logarithmic from there to "
        f"±{round_number(scale.end)}"
    )
