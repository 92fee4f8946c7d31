"""The workbench: its tabs, and its page."""

import panel as pn
import panel_material_ui as pmui
import pytest

from backprop_panel.views import Workbench

# panel-material-ui gives its own buttons both the old and the new name of an option.
pytestmark = pytest.mark.filterwarnings("ignore:Both '.*' and:PendingDeprecationWarning")


def test_the_tabs_have_their_names():
    (tabs,) = Workbench().__panel__().select(pmui.Tabs)
    names = ["Network", "Loss", "Runs", "Data", "Health", "Difference", "Surface"]
    assert tabs._names == names


def test_a_page_does_not_follow_the_busy_state_of_the_server():
    def followers():
        return len(pn.state.param.watchers.get("busy", {}).get("value", []))

    before = followers()
    pmui.Page()
    assert followers() == before + 1
    Workbench().page()
    assert followers() == before + 1
