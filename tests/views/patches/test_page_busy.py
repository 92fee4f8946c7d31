"""Pages do not follow the server's busy flag."""

import panel as pn
import panel_material_ui as pmui
import pytest
from panel.util import edit_readonly

from backprop_panel.views.patches.page_busy import ignore_busy_server


@pytest.fixture
def busy():
    """Return a function that sets the server's busy flag, as Panel does around an event."""

    def set_busy(busy):
        with edit_readonly(pn.state):
            pn.state.busy = busy

    yield set_busy
    set_busy(False)


def test_a_page_of_panel_follows_the_busy_flag(busy):
    page = pmui.Page()
    busy(True)
    assert page.busy


def test_a_page_no_longer_follows_the_busy_flag(busy):
    page, others = pmui.Page(), pmui.Page()
    ignore_busy_server(page)
    changes = []
    page.param.watch(changes.append, "busy")
    busy(True)
    busy(False)
    assert not page.busy
    assert not changes
    busy(True)
    assert others.busy
