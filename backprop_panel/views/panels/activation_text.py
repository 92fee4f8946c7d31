"""A batch on its activation function: curves, dots where its z lie, and what is flat there."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

import numpy as np

from ...analysis.activation_points import ActivationPoints
from ...analysis.record_cell import RecordCell
from ...training.health_meter import FLAT
from ..plots.colors import Theme
from ..plots.dotted_curves import Dot
from ..plots.line_source import Line
from ..plots.numbers import number, numbers
from ..state.map_source import MapSource
from .explanation_links import example_html, link

LEAST_REACH = 2.5
"""The curves are drawn at least this far to each side of zero."""

PLACES = 150
"""Places along z at which dots stand: as many as can be told apart."""

MOST_ROWS = 10

WORDS = {
    "saturated": "near an end of {}, where it is level",
    "inactive": "where {} is zero: no gradient passes",
    "flat": "where {} is level",
}


def curves(points: ActivationPoints, theme: Theme) -> list[Line]:
    """Return φ and φ′ as far as the batch reaches."""
    reach = np.abs(points.z[np.isfinite(points.z)]).max(initial=LEAST_REACH / 1.1) * 1.1
    near = np.abs(points.curve_z) <= reach
    z = points.curve_z[near]
    return [
        Line(z, points.curve_slopes[near], theme.positive, "φ′", dash="dashed"),
        Line(z, points.curve_values[near], theme.mark, "φ"),
    ]


def dots(points: ActivationPoints, example: int | None, theme: Theme) -> Iterator[Dot]:
    """Yield dots on both curves where z of the batch lie; the larger, the more of them.

    Parameters
    ----------
    points : ActivationPoints
    example : int, optional
        The example of a single unit whose dots stand out, if it is in the batch.
    theme : Theme
    """
    z, a, slopes = (each.ravel() for each in (points.z, points.a, points.slopes))
    shown = np.flatnonzero(np.isfinite(z) & np.isfinite(a) & np.isfinite(slopes))
    if len(shown):
        low, high = z[shown].min(), z[shown].max()
        places = ((z[shown] - low) / ((high - low) or 1) * (PLACES - 1)).astype(int)
        counts = np.bincount(places, minlength=PLACES)
        one_of = np.empty(PLACES, int)
        one_of[places] = shown
        for at in np.flatnonzero(counts).tolist():
            place, count = one_of[at], int(counts[at])
            size = 4 + 8 * (count / len(shown)) ** 0.5
            text = f"{count:,} of {len(z):,} near z = {number(float(z[place]))}"
            for values, color in ((slopes, theme.positive), (a, theme.operand)):
                fill = f"{color}aa"
                yield Dot(float(z[place]), float(values[place]), fill, size=size, text=text)
    if example is not None and example in shown:
        for values in (slopes, a):
            yield Dot(
                float(z[example]), float(values[example]), edge=theme.mark, size=11,
                text=f"example {example}",
            )  # fmt: skip


def legend(points: ActivationPoints, example: int | None, theme: Theme) -> str:
    """Return what the curves, the dots and the circles are, as HTML.

    Parameters
    ----------
    points : ActivationPoints
    example : int, optional
        The example whose dots stand out, if it is in the batch.
    theme : Theme
    """
    what = "each z of the batch" if len(points.units) == 1 else "z of all units and examples"
    is_chosen = example is not None and example < len(points.z)
    circles = f"<br>○ example {example}, the chosen one" if is_chosen else ""
    return (
        f'<p class="bp-facts">━ φ, {escape(points.activation)} &nbsp; '
        f'<span style="color:{theme.operand}">●</span> {what}, on φ<br>'
        f'<span style="color:{theme.positive}">╌╌</span> φ′, its slope &nbsp; '
        f'<span style="color:{theme.positive}">●</span> the same z, on φ′{circles}</p>'
    )


def unit_text(points: ActivationPoints, source: MapSource) -> str:
    """Say which examples of the batch are flat at a unit, those with the same tokens as one."""
    count, batch = len(points.flat), len(points.z)
    if not count:
        return _nothing_flat("No example of the batch is flat here", points)
    groups: dict[object, list[tuple[int, str]]] = {}
    for (example, _), kind in zip(points.flat.tolist(), points.kinds.tolist(), strict=True):
        tokens = tuple(source.example_tokens(example)) or example
        groups.setdefault((tokens, kind), []).append((example, kind))
    unit = int(points.units[0])
    rows, shown = [], list(groups.values())[:MOST_ROWS]
    texts = numbers(float(points.slopes[members[0][0], 0]) for members in shown)
    for members, text in zip(shown, texts, strict=True):
        example, kind = members[0]
        slope = link(text, RecordCell("activation_slopes", points.layer, (example, unit)))
        times = f" ×{len(members)}" if len(members) > 1 else ""
        rows.append(
            f"<tr><td>{example_html(source, example)}{times}</td><td>{kind}</td>"
            f"<td>{slope}</td></tr>"
        )
    more = len(groups) - MOST_ROWS
    return (
        _said(f"|φ′| &lt; {FLAT} for <b>{count:,} of {batch:,}</b> examples: ", points)
        + f"<table><tr><th>example</th><th></th><th>φ′</th></tr>{''.join(rows)}</table>"
        + (f"<p>… {more:,} more</p>" if more > 0 else "")
    )


def layer_text(points: ActivationPoints) -> str:
    """Say which units of a layer are flat, for how many examples."""
    batch, width = points.z.shape
    if not len(points.flat):
        return _nothing_flat("No unit is flat for any example of the batch", points)
    blocked = {each.unit: each.kind for each in points.blocked}
    units, first = points.flat[:, 1], np.empty(width, int)
    flat_in = np.bincount(units, minlength=width)
    first[units[::-1]] = np.arange(len(units))[::-1]
    most = np.argsort(-flat_in, kind="stable")[:MOST_ROWS].tolist()
    rows = "".join(
        f"<tr><td>{link(f'unit {unit}', RecordCell('pre_activations', points.layer, (0, unit)))}"
        f"</td><td>{blocked.get(unit) or points.kinds[first[unit]]}</td>"
        f"<td>{flat_in[unit]:,} of {batch:,}</td></tr>"
        for unit in most
        if flat_in[unit]
    )
    flat_units = np.count_nonzero(flat_in)
    more = flat_units - MOST_ROWS
    return (
        _said(
            f"|φ′| &lt; {FLAT} for <b>{len(points.flat):,} of {batch * width:,}</b> z, in "
            f"{flat_units:,} of {width:,} units, {len(blocked):,} of them for every example: ",
            points,
        )
        + f"<table><tr><th>unit</th><th></th><th>examples</th></tr>{rows}</table>"
        + (f"<p>… {more:,} more units</p>" if more > 0 else "")
    )


def _said(text: str, points: ActivationPoints) -> str:
    """Return a text, and what its kinds mean."""
    blocked = {each.kind for each in points.blocked}
    kinds = [kind for kind in WORDS if kind in blocked or (points.kinds == kind).any()]
    meant = "; ".join(
        f"<b>{kind}</b>, {WORDS[kind].format(escape(points.activation))}" for kind in kinds
    )
    return f'<div class="bp-said">{text}{meant}.</div>'


def _nothing_flat(text: str, points: ActivationPoints) -> str:
    slopes = np.abs(points.slopes)
    smallest = number(float(slopes.min())) if slopes.size else "none"
    return f'<div class="bp-said">{text}: the smallest |φ′| is {smallest}.</div>'
