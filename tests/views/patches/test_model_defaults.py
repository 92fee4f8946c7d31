"""The defaults of Bokeh's models: found faster, and the same."""

import pytest
from bokeh.core.has_props import HasProps
from bokeh.core.property.descriptors import PropertyDescriptor
from bokeh.model import Model
from bokeh.models import Button, LinearAxis
from bokeh.themes import Theme

import backprop_panel.views  # noqa: F401 - it applies the patch


def test_overridden_defaults_are_gathered_once_a_class():
    assert LinearAxis._overridden_defaults() is LinearAxis._overridden_defaults()


def test_each_class_has_the_overridden_defaults_that_bokeh_gathers():
    gather = HasProps._overridden_defaults.__wrapped__
    classes = set(Model.model_class_reverse_map.values())
    assert any(map(gather, classes))
    for each in classes:
        assert each._overridden_defaults() == gather(each)


def test_a_theme_sets_what_it_names_until_another_is_applied():
    axis = LinearAxis()
    assert axis.themed_values() is None
    Theme(json={"attrs": {"Axis": {"axis_line_width": 7}}}).apply_to_model(axis)
    assert axis.themed_values()["axis_line_width"] == axis.axis_line_width == 7
    Theme(json={}).apply_to_model(axis)
    assert axis.themed_values() is None and axis.axis_line_width == 1


@pytest.mark.parametrize("model", [Button, LinearAxis])
def test_defaults_that_are_made_anew_are_told_from_others(model):
    tell = PropertyDescriptor.is_unstable.__wrapped__
    for default in [*model._overridden_defaults().values(), lambda: [], 0, "x", None]:
        assert PropertyDescriptor.is_unstable(default) == tell(PropertyDescriptor, default)
