"""The legend of the network map: the colours of each scale, and the numbers at its ticks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from html import escape

from ...analysis.checks.gradient_check import THRESHOLD, GradientCheck
from ...nn.faults import FAULTS
from ..plots.color_scales import ColorScale, Scales
from ..plots.colors import NOT_FINITE, Theme
from ..plots.error_colors import ERROR_SCALE, error_palette
from ..plots.numbers import round_number
from ..state.interventions import Intervention

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

NO_FINITE = "no finite value"
"""What the legend says of numbers that are all NaN or infinite, in place of their scale."""


ROOM_OF_ERRORS, ROOM_OF_FAULT, ROOM_OF_TITLE, ROOM_OF_NOTES = 52, 28, 23, 17
"""Pixels for what a gradient check found, for the fault in force, for the title of the map, and for
the colours of numbers that are on no scale.
"""


def map_legend(
    theme: Theme,
    scales: Scales,
    of_deltas: bool = False,
    by_hand: Sequence[Intervention] = (),
    fault: str = "",
    check: GradientCheck | None = None,
) -> str:
    """Return the legend as HTML.

    Parameters
    ----------
    theme : Theme
    scales : Scales
        Those of the kinds, or of each heatmap.
    of_deltas : bool
        Whether the gradients of activations are shown as deltas.
    by_hand : sequence of Intervention
        What the captions mark with a symbol.
    fault : str
        The key of the fault that the numbers were computed with, if any.
    check : GradientCheck, optional
        The one whose relative errors are shown in place of the gradients of weights.
    """
    labels = LABELS | OF_DELTAS if of_deltas else dict(LABELS)
    if check is not None:
        labels.pop("gradient of weight")
    kinds = [kind for kind in labels if kind in scales.by_kind]
    if kinds:
        shown = "".join(
            _without_scale(labels[kind])
            if kind in scales.without_finite
            else _scale(theme, labels[kind], scales.by_kind[kind])
            for kind in kinds
        )
    else:
        shown = _of_heatmaps(theme, scales)
    shown += "" if check is None else _of_errors(theme, check)
    notes = "".join(_notes(theme, scales))
    words = " ".join(f"<span>{each.symbol} {escape(each.words)}</span>" for each in by_hand)
    words = _fault_in_words(fault) + words
    return f'<div class="bp-scales">{shown}{notes}</div><div class="bp-by-hand">{words}</div>'


def _fault_in_words(key: str) -> str:
    if key not in FAULTS:
        return ""
    fault = FAULTS[key]
    return (
        f'<span><span class="bp-fault">fault: {fault.label}</span> {escape(fault.sentence)}</span>'
    )


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


def _without_scale(label: str) -> str:
    return f'<div class="bp-scale"><b>{label}</b><br>{NO_FINITE}</div>'


def _of_errors(theme: Theme, check: GradientCheck) -> str:
    """Return the scale of relative errors, and the colours of cells that have none."""
    at_kinks = f"<div>{_swatch(theme.kink)} at a corner of ReLU, where no slope exists</div>"
    unchecked = f"<div>{_swatch(theme.unchecked)} not checked</div>"
    half = len(error_palette(theme)) // 2
    colors = ", ".join(error_palette(theme)[half::8])
    ticks = {0.0: "start", THRESHOLD: "middle", ERROR_SCALE.end: "end"}
    places = {value: f"left:{100 * float(ERROR_SCALE.shares(value)):.1f}%" for value in ticks}
    numbers = "".join(
        f'<i class="bp-tick-{anchor}" style="{places[value]}">{round_number(value)}</i>'
        for value, anchor in ticks.items()
    )
    ramp = f'<div class="bp-ramp" style="background:linear-gradient(90deg, {colors})">'
    title = (
        f"Relative error of dW and db: logarithmic above about 10⁻⁷. From {THRESHOLD:g} on, where "
        "the line is, a gradient counts as wrong."
    )
    return (
        f'<div class="bp-scale" title="{title}"><div class="bp-ticks"><b>relative error</b></div>'
        f'{ramp}<s style="{places[THRESHOLD]}"></s></div>'
        f'<div class="bp-ticks">{numbers}</div></div>'
        f"{at_kinks if check.at_kinks else ''}"
        f"{unchecked if check.checked + check.at_kinks < check.parameters else ''}"
    )


def _line(scale: ColorScale, value: float) -> str:
    return f'<s style="left:{_percent(scale, value)}"></s>'


def _tick(scale: ColorScale, value: float, anchor: str) -> str:
    place = f"left:{_percent(scale, value)}"
    return f'<i class="bp-tick-{anchor}" style="{place}">{round_number(value)}</i>'


def _of_heatmaps(theme: Theme, scales: Scales) -> str:
    """Return one ramp, and where the scale of each heatmap ends."""
    ends = " · ".join(
        f"{name} {NO_FINITE}"
        if name in scales.without_finite
        else f"{name} ±{round_number(scale.end)}"
        for name, scale in scales.by_kind.items()
    )
    return f'<div class="bp-scale"><b>each heatmap</b>{_ramp(theme)}</div><div>{ends}</div>'


def _notes(theme: Theme, scales: Scales) -> Iterator[str]:
    if scales.has_clipped:
        below, above = _swatch(theme.below), _swatch(theme.above)
        yield f"<div>{below}{above} beyond the scale: 1% of the numbers</div>"
    if scales.has_not_finite:
        yield f"<div>{_swatch(NOT_FINITE)} not finite: NaN or ±∞</div>"


def _ramp(theme: Theme, lines: str = "") -> str:
    colors = _ramp_colors(theme)
    return f'<div class="bp-ramp" style="background:linear-gradient(90deg, {colors})">{lines}</div>'


@cache
def _ramp_colors(theme: Theme) -> str:
    """Return the colours of a scale for CSS: the legend needs them with each frame."""
    return ", ".join(theme.diverging(RAMP_COLORS))


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


def room_of_words(
    of_errors: bool, of_fault: bool, of_title: bool, scales: Scales
) -> dict[str, str]:
    """Return the styles that take the room of what is said about the map from its heatmaps.

    The timeline keeps its place.
    """
    room = ROOM_OF_ERRORS * of_errors + ROOM_OF_FAULT * of_fault + ROOM_OF_TITLE * of_title
    room += ROOM_OF_NOTES * (scales.has_clipped or scales.has_not_finite)
    return {"--below": f"{room}px"}
