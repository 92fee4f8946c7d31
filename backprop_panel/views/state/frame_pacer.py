"""Frames of a page: not faster than the browser draws them, nor than the server can make them.

A frame is one drawing of the page with the newest step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf
from time import monotonic
from typing import Any, ClassVar
from weakref import WeakSet

import panel as pn
from panel.custom import JSComponent

from ..patches.silent_events import SilentEvents

TIMEOUT = 2.0
"""Seconds between frames while the browser does not answer: it sleeps, or a message was lost.

Once it wakes, a browser shows all that was sent to it, one frame after another.
"""

MAX_POLL_SECONDS = 0.05
"""The longest time between two looks for something to show."""

MAX_UNDRAWN = 2
"""Frames on their way: one is drawn while the next is sent."""

TIME_SHARE = 0.5
"""The share of the server's time for the frames of all pages together."""

LATEST_WEIGHT = 0.2
"""The weight of the latest frame in the running mean of what a frame costs."""


class FramePacer(SilentEvents, JSComponent):
    """Counts the frames that were sent and those that the browser has drawn.

    A server that sends frames regardless fills the queue of a slow browser, and a click then waits
    until all of them are drawn. Pages that play at the same time take turns, and each gets fewer
    frames. The component must be part of the page, where it is invisible.

    Parameters
    ----------
    on_drawn : callable, optional
        Called when a frame has been drawn, so that the next can follow at once.
    max_rate : float
        The most frames to send in a second.
    """

    _running: ClassVar[WeakSet[FramePacer]] = WeakSet()
    _free_from: ClassVar[float] = 0.0
    _latest: ClassVar[FramePacer | None] = None

    _esm = """
    export function render({model}) {
      model.on("msg:custom", (number) => {
        // The plots asked for the next animation frame before this: after it, they have drawn.
        // With a short delay, frames come as often and more evenly, and training is 10% faster.
        requestAnimationFrame(() => setTimeout(() => model.send_msg(number), 20))
      })
      model.send_msg(null)
      return document.createElement("span")
    }
    """

    def __init__(
        self, on_drawn: Callable[[], None] | None = None, max_rate: float = inf, **params: Any
    ) -> None:
        super().__init__(**({"width": 0, "height": 0, "margin": 0} | params))
        self._on_drawn = on_drawn
        self._sent = 0
        self._drawn: int | None = None
        self._exchanged = 0.0
        self.max_rate = max_rate
        self._cost = self._last = 0.0

    @property
    def ready(self) -> bool:
        """Whether another frame can be sent; without a browser, as soon as it is due."""
        if self.due_in > 0 or self._must_yield:
            return False
        if self._drawn is None or self._sent - self._drawn < MAX_UNDRAWN:
            return True
        return monotonic() > self._exchanged + TIMEOUT

    @property
    def due_in(self) -> float:
        """Seconds until the next frame is due."""
        return self._last + self._interval - monotonic()

    @property
    def poll_seconds(self) -> float:
        """Seconds between two looks for something to show, of which each frame has at least two."""
        return min(self._interval / 2, MAX_POLL_SECONDS)

    @property
    def _interval(self) -> float:
        """Seconds between two frames, given the cost of a frame and the number of pages."""
        fair = self._cost * max(len(self._running), 1) / TIME_SHARE
        return max(1 / self.max_rate, min(fair, TIMEOUT))

    @property
    def _must_yield(self) -> bool:
        """Whether another page has just had a frame. User input comes before the next one.

        Several frames in a row would keep a click waiting.
        """
        return FramePacer._latest is not self and monotonic() < FramePacer._free_from

    def start(self) -> None:
        """Count this page among those that play."""
        self._running.add(self)

    def stop(self) -> None:
        """Count this page no longer among those that play."""
        self._running.discard(self)
        if FramePacer._latest is self:
            FramePacer._latest = None  # This reference would keep a closed page in memory.

    @contextmanager
    def frame(self) -> Iterator[None]:
        """Send all changes in the block as one frame, and measure its cost."""
        # Counted from when it was due, as it is always sent a little late.
        begin = monotonic()
        self._last = max(self._last + self._interval, begin - self._interval)
        with pn.io.hold():
            yield
            self._sent += 1
            # A synchronised parameter would take a tenth of a frame's time.
            self._send_msg(self._sent)
        end = self._exchanged = monotonic()
        cost = end - begin
        # A running mean, as one slow frame must not set a page back for long.
        self._cost += (cost - self._cost) * (LATEST_WEIGHT if self._cost else 1)
        FramePacer._latest, FramePacer._free_from = self, end + cost * (1 / TIME_SHARE - 1)

    def _handle_msg(self, data: int | None) -> None:
        """Take the number of a frame that was drawn; None from a new page, which has drawn all."""
        self._drawn = self._sent if data is None else data
        self._exchanged = monotonic()
        if self._on_drawn:
            self._on_drawn()
