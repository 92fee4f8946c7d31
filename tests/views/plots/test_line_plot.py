"""Plots of lines: what their tools do."""

import pytest
from bokeh.models import WheelZoomTool

from backprop_panel.views.plots.line_plot import Curves
from backprop_panel.views.plots.plot_style import COMPACT, FULL, IN_LONG_PAGE


def wheel_of(look):
    curves = Curves("curves", look=look)
    return curves.pane.get_root().select_one({"type": WheelZoomTool})


@pytest.mark.parametrize("look", [COMPACT, IN_LONG_PAGE])
def test_in_a_page_that_scrolls_the_wheel_zooms_with_ctrl_alone(look):
    assert wheel_of(look).modifiers == {"ctrl": True}


def test_elsewhere_the_wheel_zooms():
    assert wheel_of(FULL).modifiers == {}
