"""Plots of a sweep's results: their labels."""

import numpy as np
import pytest
from bokeh.colors import RGB
from bokeh.models import ColorBar, ColorMapper, CustomJSTickFormatter, GlyphRenderer, Text

from backprop_panel.views.plots.colors import (
    DARK,
    LIGHT,
    LOSS_COLORS,
    LOSS_LINE_COLORS,
)
from backprop_panel.views.plots.surface_plot import SurfacePlot
from backprop_panel.views.plots.sweep_plots import (
    loss_heatmap,
    parallel_coordinates,
    place_of_plot,
    show_plot,
)


def brightness(color):
    return RGB.from_hex_string(color).luminance


class Page:
    def picked(self, *place):
        pass


def shown(plot):
    """Return the Bokeh model of a plot."""
    place = place_of_plot(200)
    show_plot(place, plot)
    return place[0].get_root()


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_no_line_strikes_through_the_labels_of_parallel_coordinates(theme):
    page = Page()
    places = np.array([[0.0, 1.0], [1.0, 0.0]])
    axes = [("rate", [(0.0, "0.1"), (1.0, "0.2")]), ("loss", [(0.0, "1"), (1.0, "2")])]
    plot = parallel_coordinates(
        places, np.array([0.0, 1.0]), np.zeros(2, bool), axes, page.picked, page.picked, theme
    )
    renderers = shown(plot).select({"type": GlyphRenderer})
    [label] = [each.glyph for each in renderers if isinstance(each.glyph, Text)]
    assert label.background_fill_color == theme.background
    assert label.text_color == theme.mark


def test_the_scale_of_losses_has_the_number_format_of_the_page():
    page = Page()
    losses = np.array([[1e-4, 2e-4]])
    plot = loss_heatmap(["1", "2"], ["a"], losses, ("across", "up"), page.picked)
    assert isinstance(shown(plot).select_one({"type": ColorBar}).formatter, CustomJSTickFormatter)


def test_dark_is_a_low_loss_and_bright_a_high_one_in_every_picture():
    page = Page()
    heatmap = shown(
        loss_heatmap(["1", "2"], ["a"], np.array([[1.0, 2.0]]), ("x", "y"), page.picked)
    )
    surface = SurfacePlot("surface")
    surface.pane.get_root()
    mapper = heatmap.select_one({"type": ColorMapper})
    assert list(mapper.palette) == list(surface.mapper.palette) == list(LOSS_COLORS)
    places, axes = np.array([[0.0], [1.0]]), [("loss", [])]
    plot = parallel_coordinates(
        places, np.array([0.0, 1.0]), np.zeros(2, bool), axes, page.picked, page.picked, DARK
    )
    [lines] = [
        each.data_source.data["shade"]
        for each in shown(plot).select({"type": GlyphRenderer})
        if "shade" in each.data_source.data
    ]
    assert sorted(lines) == sorted([LOSS_LINE_COLORS[0], LOSS_LINE_COLORS[-1]])
    assert brightness(LOSS_COLORS[0]) < brightness(LOSS_COLORS[-1])
    assert brightness(LOSS_LINE_COLORS[0]) < brightness(LOSS_LINE_COLORS[-1])
    assert lines[-1] == LOSS_LINE_COLORS[0]  # the best run is drawn last


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_the_line_of_the_best_run_stands_out_from_the_page(theme):
    best, page = sorted(map(brightness, (LOSS_LINE_COLORS[0], theme.background)))
    assert (page + 0.05) / (best + 0.05) >= 3


@pytest.mark.parametrize(("losses", "scale"), [([1.0, 2.0], "Linear"), ([0.01, 2.0], "Log")])
def test_losses_over_some_decades_have_a_logarithmic_scale(losses, scale):
    plot = loss_heatmap(["1", "2"], ["a"], np.array([losses]), ("x", "y"), Page().picked)
    mapper = shown(plot).select_one({"type": ColorMapper})
    assert type(mapper).__name__ == f"{scale}ColorMapper"


def test_a_logarithmic_scale_has_ticks_within_each_decade():
    plot = loss_heatmap(["1", "2"], ["a"], np.array([[0.09, 1.3]]), ("x", "y"), Page().picked)
    ticker = shown(plot).select_one({"type": ColorBar}).ticker
    assert ticker.mantissas == [1, 2, 5]
