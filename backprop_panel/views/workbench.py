"""The workbench: all panels, as a page of its own or in a notebook's cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param
from bokeh.document import Document
from bokeh.events import ConnectionLost
from panel.io.callbacks import PeriodicCallback

from ..runs.manager import TrainingRunManager
from ..storage.database import StoreError
from .lost_connection import announce_lost_connection
from .page_bars import close_sheet, follow_layout
from .panels.audit_light import AuditLight
from .panels.doctor_light import DoctorLight
from .panels.help_texts import help_texts
from .panels.inspector import Inspector
from .panels.link import Link
from .panels.map_fields import map_fields
from .panels.notices import cannot_open, closed_notice, store_notice, unreadable_notice
from .panels.session_map import session_map
from .panels.sidebar import Sidebar
from .panels.sweep_tab import SweepTab
from .panels.timeline import Timeline
from .panels.toolbar import Toolbar
from .patches.axis_style import keep_axis_style
from .patches.connections import is_connected
from .patches.notebook import Box, in_notebook, show_scripts
from .patches.page_busy import ignore_busy_server
from .plots.html import STYLE, html
from .serving import prepare_page
from .state.checks import Checks
from .state.comparison import Comparison
from .state.diagnosis import Diagnosis
from .state.session import Session
from .state.staged_loading import load_in_stages
from .tab_views import tab_views
from .theme import FOOT, NOT_ON_PHONE, PAGE_SX, PHONE_ONLY, PLOT_SX, TABS_SX, THEME
from .theme_memory import ThemeMemory, apply_chosen_theme
from .widgets.buttons import BORDERED, button, toggle
from .widgets.help import Help
from .widgets.lazy_tabs import LOADING, LazyTabs
from .widgets.page_layout import PageLayout
from .widgets.presses import Presses

REFRESH_PERIOD = 1000
"""Milliseconds between two looks for changes to the runs by other windows, or by code."""

ANSWERED = 100
"""Milliseconds after which the server has answered a request for the page."""

SIDEBAR_WIDTH, INSPECTOR_WIDTH = 230, 344


class Workbench(pn.viewable.Viewer):
    """A network that trains before your eyes.

    Parameters
    ----------
    store : str or Path, optional
        The file in which the runs are saved, None to keep them in memory.
    user : str
        The owner of the runs.
    link : mapping, optional
        The arguments of the page's address: the configuration of the run to show.
    shared : bool
        Whether the runs are those of everyone who opens the page, which then says so.
    **config
        Settings of the first run, as `TrainingRunManager.draft` takes them. If the store has runs,
        the last used run is shown instead.
    """

    session = param.ClassSelector(class_=Session, constant=True)

    def __init__(
        self,
        store: str | Path | None = None,
        user: str = "",
        link: Mapping[str, Any] | None = None,
        shared: bool = False,
        **config: Any,
    ) -> None:
        _configure_panel()
        manager = _manager(store, user)
        first = manager.draft(**config) if manager.current is None else None
        super().__init__(session=Session(manager))
        session = self.session
        self._defaults, self._shared = config, shared
        self.link = Link(session, link or {}, first, config)
        self.store_notice = store_notice(manager)
        self._notices = (
            self.store_notice,
            closed_notice(manager),
            unreadable_notice(manager),
            self.link,
        )
        self.checks = Checks.of(session)
        self.map = session_map(session, self.checks)
        self.diagnosis = Diagnosis(session)
        lights = [
            light(state, lambda: self.tabs.show("Health"))
            for light, state in ((DoctorLight, self.diagnosis), (AuditLight, self.checks.audit))
        ]
        self.toolbar = Toolbar(session, lights)
        self.sidebar, self.inspector, self.timeline = (
            # Panel's own limit, the height of the window, would have the parts overlap.
            pn.Column(
                html(LOADING, "bp-note", margin=(10, 14)),
                margin=0,
                sizing_mode="stretch_width",
                styles={"max-height": "none"},
            )
            for _ in range(3)
        )
        comparison = Comparison(session)
        self.tabs = self._new_tabs(comparison)
        session.slow_motion.param.watch(self._show_map_of_slow_motion, "record")
        session.param.watch(lambda event: self.tabs.show("Network"), "map_wanted")
        # In a notebook the tabs report whether JupyterLab's theme is dark.
        self.tabs.param.watch(self._follow_theme, "dark_theme")
        if pn.state.curdoc is not None:
            self._follow_document(pn.state.curdoc)
            pn.state.curdoc.add_timeout_callback(lambda: self._sidebars, ANSWERED)
        # After the page is open in a browser: a run for each request would fill the server.
        pn.state.onload(self.link.follow)
        pn.state.onload(lambda: load_in_stages(self._load_rest(comparison)))

    @property
    def manager(self) -> TrainingRunManager:
        """The runs."""
        return self.session.manager

    def __panel__(self) -> pn.viewable.Viewable:
        if in_notebook():
            show_scripts()
            if not self._ticks.running:
                self._ticks.start()
        # A FlexBox: in a Bokeh row, Bokeh would not lay out the axes of plots inside columns.
        return Box(
            _themed(self.sidebar, "bp-beside"),
            _themed(
                pn.Column(
                    self.toolbar,
                    *self._notices,
                    self.link.memory,
                    self.tabs,
                    self.timeline,
                    margin=0,
                ),
                "bp-middle",
            ),
            _themed(self.inspector, "bp-beside"),
            flex_wrap="nowrap",
            sizing_mode="stretch_width",
            margin=0,
            css_classes=["bp-workbench"],
            stylesheets=[STYLE],
        )

    def page(self) -> pmui.Page:
        """Return the workbench as a page of its own."""
        self.timeline.css_classes = [FOOT]
        layout, theme = PageLayout(), ThemeMemory(dark=pn.config.theme == "dark")
        present = toggle("Present", sx=NOT_ON_PHONE, align="center")
        close = button("Close", lambda: close_sheet(page), margin=0, sx=BORDERED | PHONE_ONLY)
        page = pmui.Page(
            title="backprop panel",
            site_url="?",  # the title leads to this page, whatever path it is served under
            header=[self.toolbar, present, layout, theme],
            sidebar=[self.sidebar],
            main=[*self._notices, self.link.memory, self.tabs, self.timeline],
            contextbar=[close, self.inspector],
            contextbar_open=True,
            # Both are drawers that cover a phone's page, and stand beside another.
            contextbar_variant="auto",
            sidebar_variant="auto",
            contextbar_width=INSPECTOR_WIDTH,
            contextbar_resizable=True,
            sidebar_width=SIDEBAR_WIDTH,
            sidebar_resizable=False,
            busy_indicator=None,
            theme_config=THEME,
            sx=PAGE_SX,
        )
        keep_axis_style(page)
        ignore_busy_server(page)
        page.param.watch(self._follow_theme, "dark_theme")
        page.link(theme, dark_theme="dark", bidirectional=True)
        self.session.dark = page.dark_theme
        follow_layout(page, layout, self.session, self.timeline)
        present.link(layout, value="presenting", bidirectional=True)
        return page

    def _new_tabs(self, comparison: Comparison) -> LazyTabs:
        return LazyTabs(
            {
                "Network": lambda: self.map,
                **tab_views(comparison, self.diagnosis),
                "Sweep": lambda: SweepTab(self.session, lambda: self.tabs.show("Network")),
            },
            margin=(0, 16),
            sx=TABS_SX,
            # Keeps the timeline at the foot of the page whichever tab is active, and below it: with
            # Panel's own limit, the height of the window, it would cover a long tab on a phone.
            styles={
                "min-height": "calc(var(--bp-height, 100vh) - 198px)",
                "max-height": "none",
            },
        )

    @cached_property
    def _sidebars(self) -> tuple[Sidebar, Inspector]:
        """What stands at the left and right, built while the browser loads the page's scripts."""
        session = self.session
        fields = map_fields(session, self.map, self.checks)
        sidebar = Sidebar(session, fields, self._defaults, self._shared)
        return sidebar, Inspector(session, self.checks)

    @cached_property
    def _ticks(self) -> PeriodicCallback:
        """What looks for changes in a notebook, where there is no document that does."""
        return PeriodicCallback(callback=self._refresh, period=REFRESH_PERIOD, background=True)

    def _load_rest(self, comparison: Comparison) -> Iterator[None]:
        """Build in stages the parts that the page opens without, the settings first."""
        settings, inspector = self._sidebars
        self.sidebar[:] = [settings]
        yield
        self.inspector[:] = [inspector]
        yield
        yield from self.map.complete()
        self.timeline[:] = [Timeline(comparison)]
        yield
        self.timeline.extend([Help(help_texts()), Presses()])
        self.diagnosis.on = True
        self.checks.audit.on = True

    def _follow_document(self, document: Document) -> None:
        """Follow the lifecycle of the page: open, disconnected, connected again, destroyed."""
        prepare_page(document)
        announce_lost_connection(document)
        document.add_periodic_callback(self._refresh, REFRESH_PERIOD)
        # A browser may connect to the session again, so only training stops here. The session is
        # destroyed much later. Models may be changed only in a callback.
        document.on_event(
            ConnectionLost,
            lambda event: document.add_next_tick_callback(self._leave_if_disconnected),
        )
        pn.state.on_session_destroyed(lambda context: self.session.close())

    def _leave_if_disconnected(self) -> None:
        """Stop training if no browser shows the page."""
        if not is_connected(pn.state.curdoc):
            self.session.leave()

    def _refresh(self) -> None:
        """Show changes that other windows made to the runs, or code."""
        before, newer = self.session.run, self.manager.refresh()
        if before not in self.manager.runs:
            self.session.tell_deleted(before)
        elif before in newer:
            self.session.follow_run()
        else:
            self.session.follow_code()
        self.session.forget_outdated()

    def _show_map_of_slow_motion(self, event: param.parameterized.Event) -> None:
        """Show the map as slow motion begins."""
        if event.old is None:
            self.tabs.show("Network")

    def _follow_theme(self, event: param.parameterized.Event) -> None:
        self.session.dark = event.new


def _configure_panel() -> None:
    """Set options of Panel for this session."""
    pn.config.respect_explicit_sizing = True  # else the map's plots stretch their containers
    pn.config.reconnect = True  # else a page is dead after a lost connection
    apply_chosen_theme()


def _themed(content: pn.viewable.Viewable, css_class: str) -> pmui.Column:
    return pmui.Column(
        content,
        theme_config=THEME,
        css_classes=[css_class],
        margin=0,
        sizing_mode="stretch_width",
        sx=PLOT_SX,
    )


def _manager(store: str | Path | None, user: str) -> TrainingRunManager:
    """Return the runs of the store, or runs in memory if the store cannot be opened."""
    try:
        return TrainingRunManager(store, user)
    except StoreError as error:
        manager = TrainingRunManager()
        manager.store_problem = cannot_open(error)
        return manager
