"""Tabs whose views are built when they are first opened."""

import panel as pn
import param
import pytest

from backprop_panel.views.widgets.lazy_tabs import LazyTabs


class View(pn.viewable.Viewer):
    """A view that draws nothing, and remembers whether it was visible when it was placed."""

    visible = param.Boolean(False)
    visible_when_placed = param.Boolean(allow_None=True, default=None)

    def __panel__(self):
        self.visible_when_placed = self.visible
        return pn.Column()


@pytest.fixture
def built():
    """The views built so far, by the titles of their tabs."""
    return {}


@pytest.fixture
def tabs(built):
    def builder(title):
        return lambda: built.setdefault(title, View(visible=title == "first"))

    return LazyTabs({title: builder(title) for title in ("first", "second", "third")})


def visible(built):
    return [title for title, view in built.items() if view.visible]


def test_only_the_first_tab_is_built_at_once(tabs, built):
    assert list(built) == ["first"]
    assert visible(built) == ["first"]


def test_a_tab_is_built_when_it_is_first_opened(tabs, built):
    tabs.show("third")
    assert list(built) == ["first", "third"]
    tabs.show("first")
    third = built.pop("third")
    tabs.show("third")
    assert "third" not in built  # no second view
    assert third.visible


def test_a_view_is_drawn_before_the_browser_gets_it(tabs, built):
    tabs.show("second")
    assert built["second"].visible_when_placed


def test_only_the_view_of_the_active_tab_is_visible(tabs, built):
    tabs.show("second")
    assert visible(built) == ["second"]
    tabs.show("first")
    assert visible(built) == ["first"]
