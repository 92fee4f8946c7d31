"""The bars of the page: open beside it, drawers over a phone's, and away while it is presented."""

from __future__ import annotations

import panel as pn
import panel_material_ui as pmui
import param

from .state.session import Session
from .widgets.page_layout import PageLayout


def follow_layout(
    page: pmui.Page, layout: PageLayout, session: Session, timeline: pn.viewable.Viewable
) -> None:
    """Open and close the bars with the window, the presentation and the chosen number."""

    def open_or_close(event: param.parameterized.Event) -> None:
        """Open the bars, or close them in a narrow window and for a presentation."""
        # In a phone's window they begin closed, and cover the page: see `PageLayout`.
        is_open = not (layout.narrow or layout.presenting)
        page.param.update(sidebar_open=is_open, contextbar_open=is_open)
        timeline.visible = not layout.presenting

    def explain(event: param.parameterized.Event) -> None:
        """Open the bar of explanations when a number is chosen."""
        if session.path and not page.contextbar_open:
            page.contextbar_open = True

    layout.param.watch(open_or_close, "presenting")
    session.param.watch(explain, "path")


def close_sheet(page: pmui.Page) -> None:
    """Close the explanation that covers a phone's page."""
    page.contextbar_open = False
