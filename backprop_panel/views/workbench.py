"""The workbench: all panels, as a page of its own or in a notebook's cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from ..runs.manager import TrainingRunManager
from ..storage.database import StoreError
from .lifecycle import Lifecycle
from .page import new_page
from .panels.audit_light import AuditLight
from .panels.doctor_light import DoctorLight
from .panels.help_texts import help_texts
from .panels.inspector import Inspector
from .panels.link import Link
from .panels.map_fields import map_fields
from .panels.notices import cannot_open, closed_notice, store_notice, unreadable_notice
from .panels.session_map import session_map
from .panels.sidebar import Sidebar
from .panels.timeline import Timeline
from .panels.toolbar import Toolbar
from .patches.notebook import Box, in_notebook, show_scripts
from .plots.html import STYLE
from .state.checks import Checks
from .state.comparison import Comparison
from .state.diagnosis import Diagnosis
from .state.session import Session
from .state.staged_loading import load_in_stages
from .tab_views import FIRST, new_tabs
from .theme import PLOT_SX, THEME
from .theme_memory import apply_chosen_theme
from .widgets.help import Help
from .widgets.presses import Presses
from .widgets.staged_part import StagedPart

ANSWERED = 100
"""Milliseconds after which the server has answered a request for the page."""


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
        self.lifecycle = Lifecycle(session)
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
        comparison = Comparison(session)
        self.sidebar = StagedPart(self._new_sidebar)
        self.inspector = StagedPart(lambda: Inspector(session, self.checks))
        self.timeline = StagedPart(lambda: Timeline(comparison))
        self.tabs = new_tabs(self.map, comparison, self.diagnosis)
        session.slow_motion.param.watch(self._show_map_of_slow_motion, "record")
        session.param.watch(lambda event: self.tabs.show(FIRST), "map_wanted")
        # In a notebook the tabs report whether JupyterLab's theme is dark.
        self.tabs.param.watch(self._follow_theme, "dark_theme")
        if pn.state.curdoc is not None:
            self.lifecycle.follow_document(pn.state.curdoc)
            pn.state.curdoc.add_timeout_callback(self._build_bars, ANSWERED)
        # After the page is open in a browser: a run for each request would fill the server.
        pn.state.onload(self.link.follow)
        pn.state.onload(lambda: load_in_stages(self._load_rest()))

    @property
    def manager(self) -> TrainingRunManager:
        """The runs."""
        return self.session.manager

    def __panel__(self) -> pn.viewable.Viewable:
        if in_notebook():
            show_scripts()
            self.lifecycle.follow_notebook()
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
        middle = [*self._notices, self.link.memory, self.tabs]
        return new_page(
            self.session, self.toolbar, self.sidebar, middle, self.timeline, self.inspector
        )

    def _new_sidebar(self) -> Sidebar:
        fields = map_fields(self.session, self.map, self.checks)
        return Sidebar(self.session, fields, self._defaults, self._shared)

    def _build_bars(self) -> None:
        """Build what stands at the left and right while the browser loads the page's scripts."""
        self.sidebar.build()
        self.inspector.build()

    def _load_rest(self) -> Iterator[None]:
        """Build in stages the parts that the page opens without, the settings first."""
        self.sidebar.load()
        yield
        self.inspector.load()
        yield
        yield from self.map.complete()
        self.timeline.load()
        yield
        self.timeline.extend([Help(help_texts()), Presses()])
        self.diagnosis.on = True
        self.checks.audit.on = True

    def _show_map_of_slow_motion(self, event: param.parameterized.Event) -> None:
        """Show the map as slow motion begins."""
        if event.old is None:
            self.tabs.show(FIRST)

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
