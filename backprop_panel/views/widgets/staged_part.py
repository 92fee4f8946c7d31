"""A part of the page that is built after the page is open."""

from __future__ import annotations

from collections.abc import Callable

import panel as pn

from ..plots.html import html
from .lazy_tabs import LOADING


class StagedPart(pn.Column):
    """A column that says that it is loading, until its content is built.

    Parameters
    ----------
    build : callable
        Returns the content.
    """

    def __init__(self, build: Callable[[], pn.viewable.Viewer]) -> None:
        super().__init__(
            html(LOADING, "bp-note", margin=(10, 14)),
            margin=0,
            sizing_mode="stretch_width",
            # Panel's own limit, the height of the window, would have the parts overlap.
            styles={"max-height": "none"},
        )
        self._new_content = build
        self._content: pn.viewable.Viewer | None = None

    def build(self) -> None:
        """Build the content, which `load` shows."""
        if self._content is None:
            self._content = self._new_content()

    def load(self) -> None:
        """Show the content."""
        self.build()
        self[:] = [self._content]
