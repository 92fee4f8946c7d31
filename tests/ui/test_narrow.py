"""The page in a window without room for the map and both drawers beside it."""

import pytest
from playwright.sync_api import expect

from tests.ui.browsing import at_rest, press
from tests.ui.test_phone import WIDER

SETTINGS, EXPLANATION = "Learning rate", "Click a cell"


@pytest.fixture
def narrow_page(used_page):
    """Return the shared page in a narrow window."""
    before = used_page.viewport_size
    used_page.set_viewport_size({"width": 1000, "height": 700})
    expect(used_page.get_by_label(SETTINGS, exact=True)).to_be_hidden()
    yield used_page
    used_page.set_viewport_size(before)
    expect(used_page.get_by_label(SETTINGS, exact=True)).to_be_visible()


def test_a_narrow_window_closes_the_settings_and_keeps_the_explanation(narrow_page):
    expect(narrow_page.get_by_text(EXPLANATION)).to_be_visible()
    assert narrow_page.evaluate(WIDER) == []


def test_settings_that_are_opened_in_a_narrow_window_close_the_explanation(narrow_page):
    press(narrow_page, "Open drawer")
    expect(narrow_page.get_by_label(SETTINGS, exact=True)).to_be_visible()
    expect(narrow_page.get_by_text(EXPLANATION)).to_be_hidden()


def test_the_controls_of_a_narrow_window_stand_between_its_edge_and_the_tabs(narrow_page):
    button = at_rest(narrow_page.get_by_role("button", name="Run Batch", exact=True))
    status = at_rest(narrow_page.locator(".bp-status"))
    bar = at_rest(narrow_page.get_by_role("tab", name="Network", exact=True))
    assert button["y"] >= 4
    assert button["y"] + button["height"] <= status["y"]
    assert status["y"] + status["height"] <= bar["y"]
    expect(narrow_page.get_by_text("backprop panel", exact=True)).to_be_hidden()
