"""Frames no faster than the browser draws them."""

from __future__ import annotations

from typing import Any

from panel.custom import JSComponent

MOST_UNDRAWN = 2
"""Frames under way: one that is drawn while the next is on its way."""


class FrameClock(JSComponent):
    """Counts the frames that were sent and those that the browser has drawn.

    A server that sends on regardless fills a slow browser's queue, and a click then waits until
    all that stands before it is drawn. It must be part of the page, where it shows nothing.
    """

    _esm = """
    export function render({model}) {
      model.on("msg:custom", (number) => {
        // The plots asked first for the next animation frame: after it they have drawn.
        requestAnimationFrame(() => setTimeout(() => model.send_msg(number)))
      })
      model.send_msg(0)
      return document.createElement("span")
    }
    """

    def __init__(self, **params: Any) -> None:
        super().__init__(**({"width": 0, "height": 0, "margin": 0} | params))
        self._sent = 0
        self._drawn: int | None = None

    @property
    def ready(self) -> bool:
        """Whether another frame can be sent; where there is no browser, always."""
        return self._drawn is None or self._sent - self._drawn < MOST_UNDRAWN

    def sent(self) -> None:
        """Count a frame, after all that belongs to it was sent."""
        self._sent += 1
        self._send_msg(self._sent)

    def _handle_msg(self, data: int) -> None:
        # A page that is drawn anew begins with 0: what it has not seen is not waited for.
        self._drawn = data or self._sent
