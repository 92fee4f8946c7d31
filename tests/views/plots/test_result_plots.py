"""Plots of a sweep's results: their labels."""

import numpy as np
import pytest
from bokeh.models import ColorBar, CustomJSTickFormatter, GlyphRenderer, Text

from backprop_panel.views.plots.colors import DARK, LIGHT
from backprop_panel.views.plots.result_plots import (
    loss_heatmap,
    parallel_coordinates,
    place_of_plot,
    show_plot,
)


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
