"""The side bars of the page: open where there is room, and closed during a presentation."""

from __future__ import annotations

import panel as pn
import panel_material_ui as pmui
import param

from .state.session import Session
from .widgets.page_fit import BOTH, NONE, PageFit

BARS = ("sidebar_open", "contextbar_open")
"""The Parameters of a page that open its bars."""


def follow_fit(
    page: pmui.Page, fit: PageFit, session: Session, timeline: pn.viewable.Viewable
) -> None:
    """Open and close the bars with the window, the presentation and the chosen number."""

    def open_or_close(event: param.parameterized.Event) -> None:
        """Close the bars for a presentation; afterwards open those that have room."""
        # `PageFit` opens and closes them when the width of the window changes.
        page.param.update(
            sidebar_open=fit.room == BOTH and not fit.presenting,
            contextbar_open=fit.room != NONE and not fit.presenting,
        )
        timeline.visible = not fit.presenting

    def give_way(event: param.parameterized.Event) -> None:
        """Close the other bar where one that was opened leaves no room for it."""
        if event.new and fit.room != BOTH:
            page.param.update(**{name: name == event.name for name in BARS})

    def explain(event: param.parameterized.Event) -> None:
        """Open the bar of explanations when a number is chosen."""
        if session.path and not page.contextbar_open:
            page.contextbar_open = True

    fit.param.watch(open_or_close, "presenting")
    for name in BARS:
        page.param.watch(give_way, name)
    session.param.watch(explain, "path")


def close_sheet(page: pmui.Page) -> None:
    """Close the explanation that covers a phone's page."""
    page.contextbar_open = False
