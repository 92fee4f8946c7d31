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


def properties():
    """Yield a model of each class, which is not initialized, and each of its properties."""
    for each in set(Model.model_class_reverse_map.values()):
        model = each.__new__(each)
        for name in each.properties():
            if isinstance(descriptor := each.lookup(name), PropertyDescriptor):  # no alias
                yield model, descriptor


def test_each_property_has_the_default_that_bokeh_finds():
    find = PropertyDescriptor.instance_default.__wrapped__
    is_unstable = PropertyDescriptor.has_unstable_default.__wrapped__
    for model, descriptor in properties():
        assert descriptor.has_unstable_default(model) == is_unstable(descriptor, model)
        if not is_unstable(descriptor, model):
            expected = find(descriptor, model)
            for _ in range(2):  # the second time it is known
                found = descriptor.instance_default(model)
                assert type(found) is type(expected) and repr(found) == repr(expected)


def test_a_default_that_can_be_changed_is_made_for_each_model():
    one, other = Button(), Button()
    one.tags.append("changed")
    assert other.tags == [] and Button().tags == []


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
