"""Plots of lines: what their tools do."""

import numpy as np
import pytest
from bokeh.document import Document
from bokeh.models import GlyphRenderer, MultiLine, Plot, WheelZoomTool

from backprop_panel.views.plots.line_plot import Curves, Marker
from backprop_panel.views.plots.line_source import Line
from backprop_panel.views.plots.plot_style import COMPACT, FULL, IN_LONG_PAGE


def wheel_of(look):
    curves = Curves("curves", look=look)
    return curves.pane.get_root().select_one({"type": WheelZoomTool})


@pytest.mark.parametrize("look", [COMPACT, IN_LONG_PAGE])
def test_in_a_page_that_scrolls_the_wheel_zooms_with_ctrl_alone(look):
    assert wheel_of(look).modifiers == {"ctrl": True}


def test_elsewhere_the_wheel_zooms():
    assert wheel_of(FULL).modifiers == {}


def test_a_line_of_one_point_is_a_dot_whatever_its_dash():
    curves = Curves("curves")
    one, two = np.array([3.0]), np.array([3.0, 4.0])
    curves.show([Line(one, one, "#000000", "one", dash="dashed"), Line(two, two, "#000000", "two")])
    renderers = curves.pane.get_root().select({"type": GlyphRenderer})
    [source] = [each.data_source for each in renderers if isinstance(each.glyph, MultiLine)]
    assert list(source.data["cap"]) == ["round", "butt"]
    assert list(source.data["dash"]) == ["solid", "solid"]
    assert np.ptp(source.data["xs"][0]) < 0.01


def test_steps_have_ticks_at_whole_numbers_alone():
    curves = Curves("curves")
    figure = curves.pane.get_root().select_one({"type": Plot})
    assert [axis.ticker.args["whole"] for axis in (*figure.xaxis, *figure.yaxis)] == [True, False]


def test_the_name_of_a_line_that_ends_at_the_left_goes_to_its_right():
    curves = Curves("curves")
    ends = {"long": 5_000, "short": 40}
    curves.show(
        [
            Line(np.array([0.0, end]), np.ones(2), "#000000", name, tag=name)
            for name, end in ends.items()
        ]
    )
    tags = curves._line_names._source.data
    aligned = dict(zip(tags["text"], tags["align"], strict=True))
    assert (aligned["long"], aligned["short"]) == ("right", "left")


def test_what_is_shown_again_without_a_change_is_not_sent_again():
    curves = Curves("curves")
    root = curves.pane.get_root()
    document = Document()
    document.add_root(root)
    line = Line(np.array([1.0, 2.0]), np.array([1.0, 9.0]), "#000000", "one", tag="one")
    shown = {"now": 2, "events": [Marker(1, 1.0, "learning rate")], "lowest": 0.1, "highest": 5.0}
    curves.show([line], **shown)
    sent = []
    document.on_change(sent.append)
    curves.show([line], **shown)
    assert [event.model for event in sent] == [curves._source._points]
