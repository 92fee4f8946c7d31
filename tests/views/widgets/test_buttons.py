"""Presses that wait for a busy server are served as one, in the order of the buttons."""

from types import SimpleNamespace

import pytest
from bokeh.document import Document
from panel.io.state import set_curdoc

from backprop_panel.views.widgets.buttons import WORKING, button, working_button


class Page(Document):
    """A document of a served page, whose callbacks wait until they are called for."""

    session_context = SimpleNamespace(request=SimpleNamespace(arguments={}))

    def serve(self):
        """Call what waits, the shortest wait first, until nothing does."""
        while waiting := sorted(self.session_callbacks, key=lambda each: each.timeout):
            self.callbacks.remove_session_callback(waiting[0])
            waiting[0].callback()


@pytest.fixture
def page():
    page = Page()
    with set_curdoc(page):
        yield page


@pytest.fixture
def done():
    return []


def press(*buttons):
    for each in buttons:
        each.clicks += 1


def test_presses_that_wait_are_served_as_one(page, done):
    batch = button("Run Batch", lambda: done.append("batch"))
    press(batch, batch, batch)
    assert done == []
    page.serve()
    assert done == ["batch"]
    press(batch)
    page.serve()
    assert done == ["batch", "batch"]


@pytest.mark.parametrize("presses", [1, 2, 3])
def test_of_a_button_that_toggles_each_second_press_undoes_the_first(page, done, presses):
    press(*[button("Play", lambda: done.append("play"), toggles=True)] * presses)
    page.serve()
    assert done == ["play"] * (presses % 2)


def test_presses_that_wait_come_before_those_of_another_button(page, done):
    batch, reset = (
        button(label, lambda label=label: done.append(label)) for label in ("Run Batch", "Reset")
    )
    press(batch, batch, reset)
    page.serve()
    assert done == ["Run Batch", "Reset"]
    press(reset, batch, reset)
    page.serve()
    assert done[2:] == ["Reset", "Run Batch", "Reset"]


def test_a_button_shows_its_work_until_its_action_is_over_even_if_that_fails(page):
    seen = []

    def fail():
        seen.append(made.loading)
        raise ValueError("no")

    made = working_button("Start sweep", fail)
    press(made)
    with pytest.raises(ValueError, match="no"):
        page.serve()
    assert seen == [True] and not made.loading
    assert WORKING in made.css_classes
