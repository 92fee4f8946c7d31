"""The workbench as a page of its own: a header, the tabs, and a bar at each side."""

from __future__ import annotations

from collections.abc import Sequence

import panel as pn
import panel_material_ui as pmui

from .page_bars import close_sheet, follow_fit
from .patches.axis_style import keep_axis_style
from .patches.page_busy import ignore_busy_server
from .state.session import Session
from .theme import FOOT, NOT_ON_PHONE, PAGE_SX, PHONE_ONLY, THEME
from .theme_memory import ThemeMemory
from .widgets.buttons import BORDERED, button, toggle
from .widgets.page_fit import PageFit

SIDEBAR_WIDTH, INSPECTOR_WIDTH = 230, 344


def new_page(
    session: Session,
    toolbar: pn.viewable.Viewer,
    sidebar: pn.Column,
    middle: Sequence[pn.viewable.Viewer],
    timeline: pn.Column,
    inspector: pn.Column,
) -> pmui.Page:
    """Return a page of the parts of a workbench.

    Parameters
    ----------
    session : Session
    toolbar : Viewer
        Stands in the header.
    sidebar, inspector : Column
        Stand at the sides.
    middle : sequence of Viewer
        What stands between these.
    timeline : Column
        The foot of the page.
    """
    timeline.css_classes = [FOOT]
    fit, theme = PageFit(), ThemeMemory(dark=pn.config.theme == "dark")
    present = toggle("Present", sx=NOT_ON_PHONE, align="center")
    close = button("Close", lambda: close_sheet(page), margin=0, sx=BORDERED | PHONE_ONLY)
    page = _framed(
        header=[toolbar, present, fit, theme],
        sidebar=[sidebar],
        main=[*middle, timeline],
        contextbar=[close, inspector],
    )
    keep_axis_style(page)
    ignore_busy_server(page)
    page.param.watch(lambda event: session.param.update(dark=event.new), "dark_theme")
    page.link(theme, dark_theme="dark", bidirectional=True)
    session.dark = page.dark_theme
    follow_fit(page, fit, session, timeline)
    present.link(fit, value="presenting", bidirectional=True)
    return page


def _framed(**parts: list[pn.viewable.Viewable]) -> pmui.Page:
    """Return a page of parts with the project's look."""
    return pmui.Page(
        title="backprop panel",
        site_url="?",  # the title leads to this page, whatever path it is served under
        **parts,
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
