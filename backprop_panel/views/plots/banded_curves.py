"""Curves with bands around some of them, of which one can be picked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import holoviews as hv
import numpy as np
import panel as pn
from bokeh.events import Tap
from bokeh.models import ColumnDataSource, Patches
from bokeh.plotting import figure
from numpy.typing import NDArray

from .line_plot import Curves
from .line_source import Line


@dataclass(frozen=True)
class ShadedBand:
    """The area between two curves, each of shape (points,)."""

    x: NDArray
    low: NDArray
    high: NDArray
    color: str


class BandedCurves(Curves):
    """Curves over shaded bands.

    Parameters
    ----------
    name : str
    on_pick : callable
        Called with the number of the line, among those shown, nearest to a click.
    **options
        As for `Curves`.
    """

    def __init__(self, name: str, on_pick: Callable[[int], None], **options: Any) -> None:
        self._bands = ColumnDataSource({"xs": [], "ys": [], "color": []})
        self._on_pick = on_pick
        self._lines: Sequence[Line] = ()
        self._logs = (options.get("log_x", False), options.get("log_y", False))
        super().__init__(name, **options)

    def show_with_bands(self, lines: Sequence[Line], bands: Sequence[ShadedBand]) -> None:
        """Show lines, and the bands beneath them."""
        log_y = self._logs[1]
        with pn.io.hold():
            self._lines = [line for line in lines if len(line.x)]
            self.show(self._lines)
            outlines = [_outline(band, log_y) for band in bands if len(band.x)]
            self._bands.data = {
                "xs": [x for x, _ in outlines],
                "ys": [y for _, y in outlines],
                "color": [band.color for band in bands if len(band.x)],
            }

    def use_axes(self, log_x: bool, log_y: bool) -> None:
        """Have logarithmic axes or linear ones; the lines are to be shown again then."""
        if self._logs != (log_x, log_y):
            self._logs, self._log_x = (log_x, log_y), log_x
            self.use_log_axis(log_y)

    def _fill(self, plot: Any, element: hv.Element) -> None:
        super()._fill(plot, element)
        glyph = Patches(xs="xs", ys="ys", fill_color="color", fill_alpha=0.15, line_color=None)
        plot.state.add_glyph(self._bands, glyph, level="underlay")

    def _listen(self, figure: figure) -> None:
        super()._listen(figure)
        figure.on_event(Tap, lambda event: self._pick(event, figure))

    def _pick(self, event: Tap, figure: figure) -> None:
        nearest = nearest_line(
            self._lines,
            (event.x, event.y),
            _span(figure.x_range, self._logs[0]),
            _span(figure.y_range, self._logs[1]),
            self._logs,
        )
        if nearest is not None:
            self._on_pick(nearest)


def nearest_line(
    lines: Sequence[Line],
    place: tuple[float, float],
    width: float,
    height: float,
    logs: tuple[bool, bool],
) -> int | None:
    """Return the number of the line nearest to a place, as it is seen; None without lines.

    Parameters
    ----------
    lines : sequence of Line
    place : (float, float)
    width, height : float
        What the plot shows, in its own scale.
    logs : (bool, bool)
        Whether the scales are logarithmic.
    """
    x, y = (_scaled(np.array([each], float), log)[0] for each, log in zip(place, logs, strict=True))
    best, found = np.inf, None
    for number, line in enumerate(lines):
        across = (_scaled(np.asarray(line.x, float), logs[0]) - x) / width
        up = (_scaled(np.asarray(line.y, float), logs[1]) - y) / height
        distances = np.hypot(across, up)
        distance = np.min(distances[np.isfinite(distances)], initial=np.inf)
        if distance < best:
            best, found = distance, number
    return found


def _scaled(values: NDArray[np.float64], log: bool) -> NDArray[np.float64]:
    if not log:
        return values
    with np.errstate(all="ignore"):
        return np.log10(values)


def _span(range_: Any, log: bool) -> float:
    """Return how much a range shows in its scale; 1 before the browser has said it."""
    ends = [getattr(range_, name, None) for name in ("start", "end")]
    if any(end is None or not np.isfinite(end) for end in ends):
        return 1.0
    low, high = _scaled(np.array(ends, float), log)
    return abs(high - low) or 1.0


def _outline(band: ShadedBand, log_y: bool) -> tuple[NDArray, NDArray]:
    """Return the outline of a band; on a log axis it ends above zero."""
    low = band.low
    if log_y:
        positive = band.high[band.high > 0]
        low = np.maximum(low, positive.min() / 10 if len(positive) else 1e-9)
    there = np.isfinite(low) & np.isfinite(band.high)
    x, low, high = band.x[there], low[there], band.high[there]
    return np.concatenate([x, x[::-1]]), np.concatenate([low, high[::-1]])
