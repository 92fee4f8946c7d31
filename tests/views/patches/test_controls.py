"""What controls send to a page, and take from it."""

import panel as pn
import panel_material_ui as pmui
from bokeh.document import Document
from panel.models.reactive_html import DOMEvent

from backprop_panel.views.patches.click_count import UncountedButton
from backprop_panel.views.patches.silent_events import SilentEvents
from backprop_panel.views.patches.stale_options import IgnoresStaleOptions


class SilentButton(SilentEvents, UncountedButton):
    pass


class Choice(IgnoresStaleOptions, pmui.Select):
    pass


def busy_while_pressed(button):
    """Press a button in a document; return whether the server was busy meanwhile."""
    busy = []
    button.on_click(lambda event: busy.append(pn.state.busy))
    document = Document()
    model = button.get_root(document)
    button._process_bokeh_event(document, DOMEvent(model, node="click", data={}))
    assert button.clicks == 1
    return busy == [True]


def test_events_of_a_silent_component_do_not_set_the_busy_flag():
    assert busy_while_pressed(pmui.Button())
    assert not busy_while_pressed(SilentButton())


def test_the_number_of_presses_is_not_sent():
    properties = UncountedButton().get_root().data.properties()
    assert not {"clicks", "value"} & set(properties)
    assert "label" in properties


def test_a_removed_option_cannot_be_chosen_by_a_browser():
    select = Choice(options={"first": 1, "second": 2}, value=1)
    select.get_root()
    values = []
    select.param.watch(lambda event: values.append(event.new), "value", onlychanged=False)
    select._process_events({"value": "removed"})
    assert values == [1]
    select._process_events({"value": "second"})
    assert values == [1, 2]
