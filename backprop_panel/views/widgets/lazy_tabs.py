"""Tabs whose views are built when they are first opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from ..plots.html import html

LOADING = "Loading …"
"""What stands where a part of the page is still to come."""


class LazyTabs(pn.viewable.Viewer):
    """Tabs that build a view when its tab is first opened, and mark one view as visible.

    A page then opens in half the time; besides, a table that is not visible keeps the browser busy.

    Parameters
    ----------
    views : mapping of str to callable
        For each tab, by its title, a function that builds its view. A view has a Parameter
        ``visible`` and draws only while it is set. The first tab's view is built at once.
    **params
        Options of the `Tabs`.
    """

    dark_theme = param.Boolean(False, doc="Whether the tabs stand on a dark page.")

    def __init__(
        self, views: Mapping[str, Callable[[], pn.viewable.Viewer]], **params: Any
    ) -> None:
        super().__init__()
        self._builders = dict(views)
        self._views: dict[str, pn.viewable.Viewer] = {}
        self._columns = {
            title: pn.Column(html(LOADING, "bp-note"), sizing_mode="stretch_width", margin=0)
            for title in self._builders
        }
        self._build(next(iter(self._builders)))
        self._tabs = pmui.Tabs(*self._columns.items(), sizing_mode="stretch_width", **params)
        self._tabs.param.watch(self._open, "active")
        self._tabs.param.watch(self._follow_theme, "dark_theme")

    def __panel__(self) -> pn.viewable.Viewable:
        return self._tabs

    def show(self, title: str) -> None:
        """Make a tab the active one."""
        self._tabs.active = list(self._columns).index(title)

    def _build(self, title: str) -> None:
        view = self._views[title] = self._builders[title]()
        # Drawn before the browser has it: a browser that still builds a view misses what is added.
        view.visible = True
        self._columns[title][:] = [view]

    def _open(self, event: param.parameterized.Event) -> None:
        title = list(self._columns)[event.new]
        if title not in self._views:
            self._build(title)
        # In a message of its own: the tab is then open before the others stop drawing.
        pn.state.execute(lambda: self._show_only(title), schedule=True)

    def _follow_theme(self, event: param.parameterized.Event) -> None:
        self.dark_theme = event.new

    def _show_only(self, title: str) -> None:
        for other, view in self._views.items():
            view.visible = other == title
