"""Tabs whose views are built when they are first opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from ..patches.notebook import in_notebook
from ..plots.html import STYLE, html
from .tab_switch import TabSwitch, frame_class

LOADING = "Loading …"
"""What stands where a part of the page is still to come."""

IN_SIGHT_ABOVE = {"position": "sticky", "top": "0", "z-index": "3"}
"""The styles of the bar: it stays in sight while a view scrolls below it."""


class LazyTabs(pn.viewable.Viewer):
    """Tabs that build a view when its tab is first opened, and mark one view as visible.

    A page then opens in half the time. A table that is built but not visible would also keep the
    browser busy.

    Parameters
    ----------
    views : mapping of str to callable
        For each tab, by its title, a function that builds its view. A view has a Parameter
        ``visible`` and draws only while it is set. The first tab's view is built at once.
    sx : mapping, optional
        The style of the bar.
    **params
        Options of the column of bar and view.
    """

    dark_theme = param.Boolean(False, doc="Whether the tabs stand on a dark page.")

    def __init__(
        self,
        views: Mapping[str, Callable[[], pn.viewable.Viewer]],
        sx: Mapping[str, Any] | None = None,
        **params: Any,
    ) -> None:
        super().__init__()
        self._builders, self._options = dict(views), params
        self._views: dict[str, pn.viewable.Viewer] = {}
        self._contents = {
            title: pn.Column(sizing_mode="stretch_width", margin=0) for title in self._builders
        }
        self._build(next(iter(self._builders)))
        self._frames: dict[str, pmui.Column] = {}
        # A notebook's output misses frames that are added to a React layout.
        self._switch = self._in_notebook(sx) if in_notebook() else self._on_page(sx)
        self._switch.param.watch(self._open, "active")
        self._bar.param.watch(self._follow_theme, "dark_theme")

    def _in_notebook(self, sx: Mapping[str, Any] | None) -> pmui.Tabs:
        """Lay out tabs with contents; return what has their `active`."""
        for title in self._builders.keys() - self._views:
            self._contents[title].append(html(LOADING, "bp-note"))
        self._layout = self._bar = pmui.Tabs(
            *self._contents.items(), sizing_mode="stretch_width", sx=sx, **self._options
        )
        return self._bar

    def _on_page(self, sx: Mapping[str, Any] | None) -> TabSwitch:
        """Lay out a bar above frames of contents; return what has the bar's `active`."""
        # Bokeh lays out a column with all that is in it when anything of that changes. A React
        # component within another one, as around each view, ends that there.
        self._frames = {
            title: pmui.Column(
                content,
                css_classes=[frame_class(number)],
                sizing_mode="stretch_width",
                margin=0,
            )
            for number, (title, content) in enumerate(self._contents.items())
        }
        first = next(iter(self._frames.values()))
        # Only the bar. Tabs with contents would take these out of the page, and lay them out anew.
        self._bar = pmui.TabMenu(
            items=list(self._builders),
            active=0,
            variant="scrollable",
            margin=0,
            sx=sx,
            styles=IN_SIGHT_ABOVE,
            sizing_mode="stretch_width",
        )
        switch = TabSwitch(words=LOADING, stylesheets=[STYLE])
        self._layout = pmui.Column(
            self._bar, switch, first, sizing_mode="stretch_width", **self._options
        )
        return switch

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def show(self, title: str) -> None:
        """Make a tab the active one."""
        self._bar.active = self._switch.active = list(self._contents).index(title)

    def _build(self, title: str) -> None:
        view = self._views[title] = self._builders[title]()
        # Drawn before the browser has it, as a browser that still builds a view misses additions.
        view.visible = True
        self._contents[title][:] = [view]

    def _open(self, event: param.parameterized.Event) -> None:
        title = list(self._contents)[event.new]
        frame = self._frames.get(title)
        if frame is not None and frame not in self._layout:
            self._layout.append(frame)
        if frame is None and title not in self._views:
            self._build(title)
        # In a message of its own: the tab is open before its view is built and drawn.
        pn.state.execute(lambda: self._draw(title), schedule=True)

    def _follow_theme(self, event: param.parameterized.Event) -> None:
        self.dark_theme = event.new

    def _draw(self, title: str) -> None:
        if title not in self._views:
            self._build(title)
        for other, view in self._views.items():
            view.visible = other == title
