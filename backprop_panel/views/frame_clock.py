"""Frames no faster than the browser draws them."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

import param
from panel.custom import JSComponent

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
    """

    sent = param.Integer(0, doc="The number of the last frame; it goes out in the frame's message.")

    _esm = """
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

    @property
    def ready(self) -> bool:
        """Whether another frame can be sent; where there is no browser, always."""
        if self._drawn is None or self.sent - self._drawn < MOST_UNDRAWN:
            return True
        return monotonic() > self._heard + PATIENCE

    def _handle_msg(self, data: int) -> None:
        """Take the number of a frame that was drawn; a page that is made anew has drawn all."""
        self._drawn, self._heard = data, monotonic()
        if self._then:
            self._then()
