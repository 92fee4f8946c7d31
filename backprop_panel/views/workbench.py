"""The workbench: everything on one page, or in a notebook's cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param
from bokeh.document import Document
from bokeh.events import ConnectionLost

from ..runs.manager import TrainingRunManager
from ..storage.database import StoreError
from .panels.comparison import Comparison, LossTab, RunsTab
from .panels.data_tab import DataTab
from .panels.difference_tab import DifferenceTab
from .panels.health_tab import HealthLogs, HealthTab
from .panels.inspector import Explanation
from .panels.link import Link
from .panels.network_map import NetworkMap
from .panels.notices import StoreNotice, UnreadableNotice, unopened
from .panels.sidebar import Settings
from .panels.timeline import Timeline
from .panels.toolbar import Toolbar
from .patches.axis_style import keep_axis_style
from .patches.page_busy import ignore_busy_server
from .serving import prepare_page
from .staged_loading import in_pieces
from .state.session import Session
from .widgets.buttons import SMALL

FOLLOW_PERIOD = 1000
"""Milliseconds between two looks at what was done in other windows."""


class Workbench(pn.viewable.Viewer):
    """A network that trains before your eyes.

    Parameters
    ----------
    store : str or Path, optional
        The file in which the runs last, None to keep them in memory.
    user : str
        Whose runs these are.
    link : mapping, optional
        The arguments of the page's address: the configuration of the run to show.
    **config
        Settings of the first run, as `TrainingRunManager.draft` takes them; where the store has
        runs, the one used last is shown instead.
    """

    session = param.ClassSelector(class_=Session, constant=True)

    def __init__(
        self,
        store: str | Path | None = None,
        user: str = "",
        link: Mapping[str, Any] | None = None,
        **config: Any,
    ) -> None:
        # A session's own settings. Without the first the map's plots would stretch all that holds
        # them; without the second a page is dead once its connection broke down.
        pn.config.respect_explicit_sizing = True
        pn.config.reconnect = True
        manager = _manager(store, user)
        first = manager.draft(**config) if manager.current is None else None
        super().__init__(session=Session(manager))
        session = self.session
        self.link = Link(session, link or {}, first)
        self.store_notice = StoreNotice(manager)
        self._notices = (self.store_notice, UnreadableNotice(manager), self.link)
        self.map = NetworkMap(session)
        self.toolbar = Toolbar(session)
        self.settings, self.explanation, self.timeline = (
            pn.Column(margin=0, sizing_mode="stretch_width") for _ in range(3)
        )
        comparison = Comparison(session)
        # Made when they are first looked at: the page opens twice as fast, and a table that waits
        # to be seen keeps the browser busy.
        logs = HealthLogs(session)
        self._makers = {
            "Loss": lambda: LossTab(comparison),
            "Runs": lambda: RunsTab(comparison),
            "Data": lambda: DataTab(session),
            "Health": lambda: HealthTab(session, logs),
            "Difference": lambda: DifferenceTab(session),
        }
        self._views: dict[str, pn.viewable.Viewer] = {"Network": self.map}
        self._places = {
            name: pn.Column(sizing_mode="stretch_width", margin=0)
            for name in ("Network", *self._makers)
        }
        self._places["Network"].append(self.map)
        self.tabs = self._lay_out_tabs()
        self.tabs.param.watch(self._draw_what_is_seen, "active")
        if pn.state.curdoc is not None:
            self._follow_page(pn.state.curdoc)
        # Only now is there somebody to see it: a run for each request would fill the server.
        pn.state.onload(self.link.follow)
        pn.state.onload(lambda: in_pieces(self._complete(comparison)))

    @property
    def manager(self) -> TrainingRunManager:
        """The runs."""
        return self.session.manager

    def __panel__(self) -> pn.viewable.Viewable:
        # Within other layouts a row of Bokeh's would leave the plots without their axes: Bokeh
        # lays out what is in a row in a column, and nothing further in.
        return pn.FlexBox(
            pn.Column(self.settings, width=230),
            pn.Column(
                self.toolbar,
                *self._notices,
                self.tabs,
                self.timeline,
                sizing_mode="stretch_width",
            ),
            pn.Column(self.explanation, width=240),
            flex_wrap="nowrap",
            sizing_mode="stretch_width",
        )

    def page(self) -> pmui.Page:
        """Return the workbench as a page of its own."""
        page = pmui.Page(
            title="backprop panel",
            header=[self.toolbar],
            sidebar=[self.settings],
            main=[*self._notices, self.tabs, self.timeline],
            contextbar=[self.explanation],
            contextbar_open=True,
            contextbar_variant="persistent",
            contextbar_width=240,
            sidebar_width=230,
            sidebar_resizable=False,
            busy_indicator=None,
            theme_config=THEME,
            sx=PAGE_SX,
        )
        keep_axis_style(page)
        ignore_busy_server(page)
        page.param.watch(self._follow_theme, "dark_theme")
        self.session.dark = page.dark_theme
        return page

    def _lay_out_tabs(self) -> pmui.Tabs:
        return pmui.Tabs(
            *self._places.items(),
            sizing_mode="stretch_width",
            margin=(0, 16),
            sx=TABS_SX,
            # The timeline stands at the foot of the page whichever tab is shown.
            styles={"min-height": "calc(100vh - 190px)"},
        )

    def _complete(self, comparison: Comparison) -> Iterator[None]:
        """Make the rest of the page: what people look for first, the map, is then sooner there."""
        yield from self.map.complete()
        session = self.session
        self.settings.append(Settings(session, self._colour_widgets()))
        yield
        self.explanation.append(Explanation(session))
        yield
        self.timeline.append(Timeline(comparison))

    def _draw_what_is_seen(self, event: param.parameterized.Event) -> None:
        name = list(self._places)[event.new]
        if name not in self._views:
            self._views[name] = self._makers[name]()
            self._places[name].append(self._views[name])
        # Once the browser has been sent it: it would not notice what came together with it.
        pn.state.execute(lambda: self._show_only(name), schedule=True)

    def _show_only(self, name: str) -> None:
        for other, view in self._views.items():
            view.visible = other == name

    def _follow_page(self, page: Document) -> None:
        """Go along with what becomes of the page: opened, left, come back to, closed for good."""
        prepare_page(page)
        page.add_periodic_callback(self._follow_store, FOLLOW_PERIOD)
        # Long before the session is destroyed, which may be needed still: a browser whose
        # connection broke down comes back to it. Models may be changed only in a callback.
        page.on_event(ConnectionLost, lambda event: page.add_next_tick_callback(self._rest))
        pn.state.on_session_destroyed(lambda context: self.session.close())

    def _rest(self) -> None:
        """Train no longer what nobody sees, unless somebody sees it again."""
        if not pn.state.curdoc.session_context.session.connection_count:
            self.session.leave()

    def _follow_store(self) -> None:
        """Show what was done to the runs in other windows."""
        if self.session.run in self.manager.refresh():
            self.session.look()

    def _follow_theme(self, event: param.parameterized.Event) -> None:
        self.session.dark = event.new

    def _colour_widgets(self) -> list[pn.viewable.Viewable]:
        return [
            pmui.Select.from_param(self.map.param.scale, label="Scale", description="", **SMALL),
            pmui.Checkbox.from_param(
                self.map.param.locked, label="Lock scale", description="", margin=0
            ),
        ]


def _manager(store: str | Path | None, user: str) -> TrainingRunManager:
    """Return the runs in the store; without it, should it fail, the page works in memory."""
    try:
        return TrainingRunManager(store, user)
    except StoreError as error:
        manager = TrainingRunManager()
        manager.store_problem = unopened(error)
        return manager


def _mode(primary: str, background: str, paper: str) -> dict[str, Any]:
    return {
        "palette": {
            "primary": {"main": primary},
            "background": {"default": background, "paper": paper},
        },
    }


_COMMON = {
    "typography": {"fontSize": 12, "button": {"textTransform": "none"}},
    "shape": {"borderRadius": 6},
    "components": {
        "MuiButton": {"defaultProps": {"disableElevation": True}},
    },
}
PAGE_SX = {
    "& .MuiAppBar-root": {
        "backgroundColor": "background.default",
        "backgroundImage": "none",
        "color": "text.primary",
        "boxShadow": "none",
        "borderBottom": "1px solid",
        "borderColor": "divider",
    },
    "& .MuiAppBar-root .MuiToolbar-root": {"minHeight": "52px", "gap": "8px"},
    # In a narrow window what it holds is moved sideways, rather than out of the window.
    "& .MuiAppBar-root .MuiToolbar-root > .MuiBox-root": {"minWidth": 0},
    "& .MuiAppBar-root .MuiTypography-root": {
        "color": "text.primary",
        "fontSize": "15px",
        "fontWeight": 700,
        "@media (max-width: 900px)": {"display": "none"},
    },
}
TABS_SX = {
    "& .MuiTabs-root": {"minHeight": "36px"},
    "& .MuiTab-root": {
        "minHeight": "36px",
        "padding": "6px 14px",
        "minWidth": "60px",
        # Within another layout there is no page whose theme would say so.
        "textTransform": "none",
    },
}
THEME = {
    "light": _mode("#3b5bdb", "#ffffff", "#fbfbfa") | _COMMON,
    "dark": _mode("#8c9eff", "#1a1d23", "#121417") | _COMMON,
}
