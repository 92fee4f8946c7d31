"""Tabs whose views are built when they are first opened."""

import panel as pn
import param
import pytest

from backprop_panel.views.widgets.lazy_tabs import LazyTabs


class View(pn.viewable.Viewer):
    """A view that counts nothing and draws nothing."""

    visible = param.Boolean(False)

    def __panel__(self):
        return pn.Column()


@pytest.fixture
def built():
    """The views built so far, by the titles of their tabs."""
    return {}


@pytest.fixture
def tabs(built):
    def builder(title):
        return lambda: built.setdefault(title, View(visible=title == "first"))

    return LazyTabs({title: builder(title) for title in ("first", "second", "third")}).__panel__()


def visible(built):
    return [title for title, view in built.items() if view.visible]


def test_only_the_first_tab_is_built_at_once(tabs, built):
    assert list(built) == ["first"]
    assert visible(built) == ["first"]


def test_a_tab_is_built_when_it_is_first_opened(tabs, built):
    tabs.active = 2
    assert list(built) == ["first", "third"]
    tabs.active = 0
    third = built.pop("third")
    tabs.active = 2
    assert "third" not in built  # no second view
    assert third.visible


def test_a_view_is_drawn_before_the_browser_gets_it(tabs, built):
    drawn = []
    tabs[1].param.watch(lambda event: drawn.append(built["second"].visible), "objects")
    tabs.active = 1
    assert drawn == [True]


def test_only_the_view_of_the_active_tab_is_visible(tabs, built):
    tabs.active = 1
    assert visible(built) == ["second"]
    tabs.active = 0
    assert visible(built) == ["first"]
