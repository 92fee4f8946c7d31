"""The workbench: everything on one page, or in a notebook's cell."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param
from panel.util import edit_readonly
from tornado.websocket import WebSocketClosedError

from ..interchange import from_query, to_query
from ..store import StoreError
from ..training_run import TrainingRunManager
from .comparison import Comparison, LossTab, RunsTab
from .controls import SMALL
from .data_tab import DataTab
from .difference_tab import DifferenceTab
from .explanation import Explanation
from .health_tab import HealthLogs, HealthTab
from .network_map import NetworkMap
from .notebook import Box, in_notebook, show_scripts
from .opening import in_pieces
from .session import MISTAKES, Session
from .settings_panel import Settings
from .text import STYLE
from .timeline import Timeline
from .toolbar import Toolbar

PAGE_ARGUMENTS = ("theme",)
"""What an address may say that is not a setting: Panel's own."""

FOLLOW_PERIOD = 1000
"""Milliseconds between two looks at what was done in other windows."""


class NeverBusy(param.Parameterized):
    """What a page follows instead of the server: only another one to follow ends that."""

    busy = param.Boolean(False, constant=True)


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
        Settings of the first run, as `TrainingRunManager.create` takes them; where the store has
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
        # A session's own setting: without it the map's plots would stretch all that holds them.
        pn.config.respect_explicit_sizing = True
        manager = _manager(store, user)
        mistakes = _follow_link(manager, link or {})
        if manager.current is None:
            manager.create(**config)
        super().__init__(session=Session(manager))
        session = self.session
        session.mistakes = mistakes
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
        # A notebook's page says so here whether it is dark.
        self.tabs.param.watch(self._follow_theme, "dark_theme")
        if pn.state.curdoc is not None:
            pn.state.on_session_destroyed(lambda context: session.close())
            pn.state.curdoc.add_periodic_callback(self._follow_store, FOLLOW_PERIOD)
        pn.state.onload(lambda: in_pieces(self._complete(comparison)))

    @property
    def manager(self) -> TrainingRunManager:
        """The runs."""
        return self.session.manager

    def __panel__(self) -> pn.viewable.Viewable:
        if in_notebook():
            show_scripts()
        # Within other layouts a row of Bokeh's would leave the plots without their axes: Bokeh
        # lays out what is in a row in a column, and nothing further in.
        return Box(
            _themed(self.settings, "bp-beside"),
            _themed(pn.Column(self.toolbar, self.tabs, self.timeline, margin=0), "bp-middle"),
            _themed(self.explanation, "bp-beside"),
            flex_wrap="nowrap",
            sizing_mode="stretch_width",
            margin=0,
            css_classes=["bp-workbench"],
            stylesheets=[STYLE],
        )

    def page(self) -> pmui.Page:
        """Return the workbench as a page of its own."""
        page = pmui.Page(
            title="backprop panel",
            header=[self.toolbar],
            sidebar=[self.settings],
            main=[self.tabs, self.timeline],
            contextbar=[self.explanation],
            contextbar_open=True,
            contextbar_variant="persistent",
            contextbar_width=240,
            sidebar_width=230,
            sidebar_resizable=False,
            busy_indicator=None,
            theme_config=THEME,
            sx=PAGE_SX,
            # The map sets its axes itself: labels as small as its cells.
            _custom_theme=["Axis"],
        )
        # A page follows whether the server is busy, each page that was ever opened, at the cost of
        # a walk through all its models twice a frame; nothing here shows it.
        with edit_readonly(page):
            page.busy = NeverBusy().param.busy
        page.param.watch(self._follow_theme, "dark_theme")
        if pn.state.curdoc is not None:
            asyncio.get_running_loop().set_exception_handler(_let_closed_pages_go)
        self.session.dark = page.dark_theme
        return page

    def _lay_out_tabs(self) -> pmui.Tabs:
        return pmui.Tabs(
            *self._places.items(),
            sizing_mode="stretch_width",
            margin=(0, 16),
            sx=TABS_SX,
            # The timeline stands at the foot of the page whichever tab is shown.
            styles={"min-height": "calc(var(--bp-height, 100vh) - 190px)"},
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

    def _follow_store(self) -> None:
        """Show what was done to the runs in other windows, and whether ours are saved."""
        session, manager = self.session, self.manager
        if session.run in manager.refresh():
            session.look()
        mistakes = {name: text for name, text in session.mistakes.items() if name != "store"}
        if manager.store_problem:
            mistakes["store"] = manager.store_problem
        session.mistakes = mistakes

    def _follow_theme(self, event: param.parameterized.Event) -> None:
        self.session.dark = event.new

    def _colour_widgets(self) -> list[pn.viewable.Viewable]:
        return [
            pmui.Select.from_param(self.map.param.scale, label="Scale", description="", **SMALL),
            pmui.Checkbox.from_param(
                self.map.param.locked, label="Lock scale", description="", margin=0
            ),
        ]


def _themed(content: pn.viewable.Viewable, css_class: str) -> pmui.Column:
    return pmui.Column(
        content, theme_config=THEME, css_classes=[css_class], margin=0, sizing_mode="stretch_width"
    )


def _let_closed_pages_go(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what went wrong, unless a page was closed while a frame was on its way to it."""
    if not isinstance(context.get("exception"), WebSocketClosedError):
        loop.default_exception_handler(context)


def _manager(store: str | Path | None, user: str) -> TrainingRunManager:
    """Return the runs in the store; without it, should it fail, the page works in memory."""
    try:
        return TrainingRunManager(store, user)
    except StoreError as error:
        manager = TrainingRunManager()
        manager.store_problem = str(error)
        return manager


def _follow_link(manager: TrainingRunManager, link: Mapping[str, Any]) -> dict[str, str]:
    """Show the run that a link asks for, a new one if there is none yet; return what is wrong."""
    asked = {name: value for name, value in link.items() if name not in PAGE_ARGUMENTS}
    if not asked:
        return {}
    try:
        config = from_query(asked)
        same = [run for run in manager.runs if to_query(run.config) == to_query(config)]
        if same:
            manager.switch(same[-1].id)
        else:
            manager.create(**config)
    except MISTAKES as mistake:
        return {"link": f"The link was not followed. {mistake}"}
    return {}


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
