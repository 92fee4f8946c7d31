"""Frames no faster than the browser draws them."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from time import monotonic
from typing import Any

import param
from bokeh.document import Document
from bokeh.events import Event
from panel.custom import JSComponent
from panel.io.state import set_curdoc

PATIENCE = 2.0
"""Seconds after which a frame is sent although nothing was heard: a message may be lost."""

MOST_UNDRAWN = 2
"""Frames under way: one that is drawn while the next is on its way."""


class FrameClock(JSComponent):
    """Counts the frames that were sent and those that the browser has drawn.

    A server that sends on regardless fills a slow browser's queue, and a click then waits until
    all that stands before it is drawn. It must be part of the page, where it shows nothing.

    Parameters
    ----------
    then : callable, optional
        Called when a frame has been drawn: the next may follow at once.

    Attributes
    ----------
    most_a_second : float
        Frames sent in a second, at most.
    """

    sent = param.Integer(0, doc="The number of the last frame; it goes out in the frame's message.")

    _esm = """
    // With each frame Bokeh writes the style sheets of every plot anew. Where they say the same,
    // the browser is spared finding out what follows from them: three frames in the time of two.
    const sheets = Bokeh.require("core/dom").InlineStyleSheet.prototype
    if (!sheets.writes_changes_only) {
      const write = sheets._update
      sheets._update = function(css) { if (this.el.textContent !== css) write.call(this, css) }
      sheets.writes_changes_only = true
    }

    export function render({model}) {
      model.on("sent", () => {
        const number = model.sent
        // The plots asked first for the next animation frame: after it they have drawn.
        requestAnimationFrame(() => setTimeout(() => model.send_msg(number)))
      })
      model.send_msg(model.sent)
      return document.createElement("span")
    }
    """

    def __init__(self, then: Callable[[], None] | None = None, **params: Any) -> None:
        super().__init__(**({"width": 0, "height": 0, "margin": 0} | params))
        self._then = then
        self._drawn: int | None = None
        self._heard = 0.0
        self.most_a_second = inf
        self._due = 0.0

    @property
    def ready(self) -> bool:
        """Whether another frame can be sent; where there is no browser, as soon as it is due."""
        now = monotonic()
        if now < self._due:
            return False
        if self._drawn is None or self.sent - self._drawn < MOST_UNDRAWN:
            return True
        return now > self._heard + PATIENCE

    def send(self) -> None:
        """Number a frame that is about to go out, and say when the next one is due."""
        # After the one that was due, not after this one, which is always a little late.
        self._due = max(self._due + 1 / self.most_a_second, monotonic())
        self.sent += 1

    def _process_bokeh_event(self, doc: Document, event: Event) -> None:
        """Take a message as Panel does, but do not have every page told that the server is busy.

        That takes a quarter of the time of a frame, and nothing here shows it.
        """
        with set_curdoc(doc):
            self._process_event(event)

    def _handle_msg(self, data: int) -> None:
        """Take the number of a frame that was drawn; a page that is made anew has drawn all."""
        self._drawn, self._heard = data, monotonic()
        if self._then:
            self._then()
