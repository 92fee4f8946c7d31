"""The plot of a loss surface: its axes."""

from bokeh.models import CustomJSTicker, CustomJSTickFormatter, LinearAxis

from backprop_panel.views.plots.surface_plot import SurfacePlot


def test_axes_have_the_ticks_and_the_number_format_of_the_page():
    plot = SurfacePlot("surface")
    axes = list(plot.pane.get_root().select({"type": LinearAxis}))
    assert len(axes) == 2
    assert all(isinstance(axis.ticker, CustomJSTicker) for axis in axes)
    assert all(isinstance(axis.formatter, CustomJSTickFormatter) for axis in axes)
