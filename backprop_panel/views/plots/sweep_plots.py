"""Plots of a sweep's results: losses over two settings, parallel coordinates, and importance.

Each change makes a new HoloViews element. Changes come about once a second, and no zoom is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from weakref import WeakMethod

import holoviews as hv
import numpy as np
import panel as pn
from bokeh.events import SelectionGeometry, Tap
from bokeh.models import (
    BoxSelectTool,
    ColorBar,
    CustomJSHover,
    HoverTool,
    LogColorMapper,
    LogTicker,
    Text,
)
from numpy.typing import NDArray

from ..patches.plot_source import add_to_source
from .axis_ticks import use_labels
from .cell_labels import LABEL_COLOR
from .colors import LOSS_COLORS, LOSS_LINE_COLORS, Theme, contrasting
from .loss_shades import needs_log_scale
from .numbers import NUMBER_JS, number
from .plot_style import FULL, TOOLTIP, figure_style
from .table_button import plot_attributes

NAME_SHARE = 0.13
"""The room at the left for the ticks of the first axis, as a share of all axes."""

_OPTIONS = {
    "responsive": True, "min_height": 200, "toolbar": None, "default_tools": [], "tools": [],
    "show_legend": False,
}  # fmt: skip
_BAR = {
    "background_fill_alpha": 0, "bar_line_color": None, "major_label_text_color": LABEL_COLOR,
    "major_label_text_font_size": "11px", "width": 10,
}  # fmt: skip

Picked = Callable[[float, float], None]


def place_of_plot(height: int) -> pn.Column:
    """Return an empty place for a plot of this height."""
    return pn.Column(height=height, sizing_mode="stretch_width", margin=0)


def show_plot(place: pn.Column, plot: hv.Overlay) -> None:
    """Show a plot in place of another.

    The plot gets a new pane. A pane whose plot is replaced may pass its design on to Bokeh's
    figure.
    """
    place[:] = [pn.pane.HoloViews(plot, sizing_mode="stretch_both", linked_axes=False, margin=0)]


def loss_heatmap(
    across: Sequence[str],
    up: Sequence[str],
    losses: NDArray[np.float64],
    names: tuple[str, str],
    on_tap: Picked,
) -> hv.Overlay:
    """Return a heatmap of losses, shape (up, across), with its numbers in the cells."""
    rows = [
        (x, y, losses[row, column])
        for row, y in enumerate(up)
        for column, x in enumerate(across)
        if np.isfinite(losses[row, column])
    ]
    shown = np.array([loss for *_, loss in rows])
    is_log = needs_log_scale(shown)
    ends = (float(shown[shown > 0].min()), float(shown.max())) if is_log else (None, None)
    cells = hv.HeatMap(rows, list(names), "loss").opts(
        cmap=LOSS_COLORS, colorbar=True, clabel="", colorbar_opts=_BAR, logz=is_log, clim=ends,
        clipping_colors={"NaN": "#00000000"},
    )  # fmt: skip
    inks = _inks(np.log(np.maximum(shown, ends[0])) if is_log else shown)
    inked = [(x, y, number(loss), ink) for (x, y, loss), ink in zip(rows, inks, strict=True)]
    labels = hv.Labels(inked, list(names), ["text", "ink"]).opts(
        text_font_size="11px", text_color="ink"
    )
    about = f"loss over {names[0]} and {names[1]}"
    hook = _hook(about, on_tap, hover={"loss": "@loss{custom}"})
    return (cells * labels).opts(
        **_OPTIONS, backend_opts=figure_style("sweep heatmap", FULL), hooks=[hook]
    )


def parallel_coordinates(
    places: NDArray[np.float64],
    shades: NDArray[np.float64],
    dim: NDArray[np.bool_],
    axes: Sequence[tuple[str, Sequence[tuple[float, str]]]],
    on_tap: Picked,
    on_brush: Callable[[float, float, float, float], None],
    theme: Theme,
) -> hv.Overlay:
    """Return a line a run through its place on each axis; a box on an axis brushes.

    Parameters
    ----------
    places : array, shape (runs, axes)
        From 0 to 1.
    shades : array, shape (runs,)
        From 0, the best, to 1.
    dim : array of bool, shape (runs,)
        Which runs are not brushed.
    axes : sequence of (name, ticks)
        Its name, and the place and text of each tick.
    on_tap : callable
        Called with a place.
    on_brush : callable
        Called with the edges of a box: left, right, bottom, top.
    theme : Theme
    """
    width = places.shape[1]
    order = np.argsort(np.where(dim, -1.0, 1 - shades))  # the best are drawn last
    lines = [np.column_stack([np.arange(width), places[row]]) for row in order]
    styles = {
        "shade": [_shade(shades[row]) for row in order],
        "alpha": [0.08 if dim[row] else 0.85 for row in order],
    }
    paths = hv.Path(lines, ["axis", "place"]).opts(hooks=[_styled(styles)])
    rules = hv.Segments([(at, 0, at, 1) for at in range(width)], ["axis", "place", "x1", "y1"])
    ticks = [(at, place, text) for at, (_, marks) in enumerate(axes) for place, text in marks]
    labels = hv.Labels(ticks, ["axis", "place"], "text").opts(
        text_font_size="11px", text_color=theme.mark, text_align="right", xoffset=-0.02,
        hooks=[partial(_cover_lines, theme.background)],
    )  # fmt: skip
    hook = _hook("the settings and the loss of each run, a line a run", on_tap, on_brush=on_brush)
    overlay = rules.opts(color="#88888880", line_width=1) * paths * labels
    return overlay.opts(
        **_OPTIONS,
        yaxis=None,
        xlabel="",
        xlim=(-0.1 - NAME_SHARE * width, width - 0.85),
        ylim=(-0.08, 1.08),
        xticks=[(at, _lower(name, at)) for at, (name, _) in enumerate(axes)],
        backend_opts=figure_style("sweep parallel", FULL),
        hooks=[hook],
    )


def importance_scatter(
    settings: Sequence[tuple[str, float, NDArray[np.float64], NDArray[np.float64]]],
    on_tap: Picked,
) -> hv.Overlay:
    """Return for each setting the ranks of its values beside the ranks of the losses.

    Parameters
    ----------
    settings : sequence of (name, share, value_ranks, loss_ranks)
        `share` is the importance, from 0 to 1; ranks are from 0 to 1.
    on_tap : callable
        Called with a place.
    """
    points = [
        (at + 0.1 + 0.8 * value, loss, _shade(loss))
        for at, (_, _, values, losses) in enumerate(settings)
        for value, loss in zip(values.tolist(), losses.tolist(), strict=True)
    ]
    scatter = hv.Scatter(points, "value", ["rank of the loss", "shade"]).opts(
        color="shade", size=5, line_color=None, alpha=0.8
    )
    rules = hv.VLines(list(range(1, len(settings)))).opts(color="#88888860", line_width=1)
    names = [
        (at + 0.5, _lower(f"{name}: {share:.2f}", at))
        for at, (name, share, *_) in enumerate(settings)
    ]
    hook = _hook("rank of the loss over the rank of each setting's values", on_tap)
    return (rules * scatter).opts(
        **_OPTIONS,
        xlabel="",
        xlim=(0, max(len(settings), 1)),
        ylim=(-0.05, 1.05),
        xticks=names or 1,
        yticks=[(0, "best"), (1, "worst")],
        backend_opts=figure_style("sweep importance", FULL),
        hooks=[hook],
    )


def _lower(name: str, at: int) -> str:
    """Return every second name a line lower, as neighbours would overlap in a narrow window."""
    return f"\n{name}" if at % 2 else name


def _shade(share: float) -> str:
    return LOSS_LINE_COLORS[round((len(LOSS_LINE_COLORS) - 1) * share)]


def _styled(styles: dict[str, list]) -> Callable[[Any, hv.Element], None]:
    """Return a hook that gives each line of a path its colour and its opacity."""

    def style(plot: Any, element: hv.Element) -> None:
        """Give the source of a path its styles."""
        add_to_source(plot, styles, line_color="shade", line_alpha="alpha", line_width=1.4)

    return style


def _cover_lines(background: str, plot: Any, element: hv.Element) -> None:
    """Let no line strike through the labels of a plot."""
    for renderer in plot.state.renderers:
        if isinstance(renderer.glyph, Text):
            renderer.glyph.update(
                background_fill_color=background, background_fill_alpha=0.85, padding=2
            )


def _inks(shades: NDArray[np.float64]) -> list[str]:
    """Return black or white for each cell, by its place on the scale of losses."""
    if not len(shades):
        return []
    shares = (shades - shades.min()) / (np.ptp(shades) or 1)
    return [_on(LOSS_COLORS[round((len(LOSS_COLORS) - 1) * share)]) for share in shares]


def _on(color: str) -> str:
    """Return black or white, whichever is read on a colour."""
    return "#111418" if contrasting(color) < color else "#ffffff"


def _hook(
    about: str,
    on_tap: Picked,
    hover: dict[str, str] | None = None,
    on_brush: Callable[[float, float, float, float], None] | None = None,
) -> Callable[[Any, hv.Element], None]:
    """Return a hook that gives a figure its name, and its taps and boxes."""
    # HoloViews keeps a hook as long as its element. The hook must not keep the page in memory.
    tap, brush = WeakMethod(on_tap), on_brush and WeakMethod(on_brush)

    def fill(plot: Any, element: hv.Element) -> None:
        """Give the figure of a plot its name, scale, hover, taps and boxes."""
        figure = plot.state
        figure.html_attributes = plot_attributes(about)
        for scale in figure.select(ColorBar):
            use_labels(scale)
            if isinstance(scale.color_mapper, LogColorMapper):
                scale.ticker = LogTicker(mantissas=[1, 2, 5])  # one decade has two ticks at least
        figure.on_event(Tap, lambda event: _call(tap, event.x, event.y))
        if hover:
            text = "<br>".join(f"{name} {value}" for name, value in hover.items())
            figure.add_tools(
                HoverTool(
                    renderers=figure.renderers[:1],
                    tooltips=TOOLTIP.format(text),
                    formatters={
                        "@loss": CustomJSHover(code=f"{NUMBER_JS} return written(value, 7)")
                    },
                )
            )
        if brush is not None:
            box = BoxSelectTool(renderers=[])
            figure.add_tools(box)
            figure.toolbar.active_drag = box
            figure.on_event(SelectionGeometry, lambda event: _brush(event, brush))

    return fill


def _brush(event: SelectionGeometry, brush: WeakMethod) -> None:
    box = event.geometry
    if event.final and box.get("type") == "rect":
        _call(brush, box["x0"], box["x1"], box["y0"], box["y1"])


def _call(method: WeakMethod, *arguments: Any) -> None:
    """Call a bound method while its owner lives."""
    bound = method()
    if bound is not None:
        bound(*arguments)
