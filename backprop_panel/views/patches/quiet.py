"""Components of which pages are told no more than they show."""

from __future__ import annotations

from bokeh.document import Document
from bokeh.events import Event
from panel.io.state import set_curdoc


class Quiet:
    """Takes a message as Panel does, but has no page told that the server is busy with it.

    That takes longer than what is done for most messages, and nothing here shows it.
    """

    def _process_bokeh_event(self, doc: Document, event: Event) -> None:
        with set_curdoc(doc):
            self._process_event(event)
