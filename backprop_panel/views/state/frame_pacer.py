"""Frames no faster than the browser draws them, and no more than the server can make."""

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

PATIENCE = 2.0
"""Seconds after which a frame is sent although nothing was heard: a message may be lost."""

LONGEST_WAIT = 0.05
"""Seconds between two looks whether there is something to show, at most."""

MOST_UNDRAWN = 2
"""Frames under way: one that is drawn while the next is on its way."""

SHARE = 0.5
"""How much of the server's time may go into frames, those of all pages together."""

LATEST_WEIGHT = 0.2
"""That of the latest frame in what a frame is taken to cost, a running mean."""


class FrameClock(SilentEvents, JSComponent):
    """Counts the frames that were sent and those that the browser has drawn.

    A server that sends on regardless fills a slow browser's queue, and a click then waits until
    all that stands before it is drawn. Where many pages play, the server makes frames for each in
    turn, and each has fewer. It must be part of the page, where it shows nothing.

    Parameters
    ----------
    then : callable, optional
        Called when a frame has been drawn: the next may follow at once.
    most_a_second : float
        Frames sent in a second, at most.
    """

    _running: ClassVar[WeakSet[FrameClock]] = WeakSet()
    _free_from: ClassVar[float] = 0.0
    _latest: ClassVar[FrameClock | None] = None

    _esm = """
    export function render({model}) {
      model.on("msg:custom", (number) => {
        // The plots asked first for the next animation frame: after it they have drawn. Told a
        // little later, frames come as often and more evenly, and training gets a tenth more done.
        requestAnimationFrame(() => setTimeout(() => model.send_msg(number), 20))
      })
      model.send_msg(null)
      return document.createElement("span")
    }
    """

    def __init__(
        self, then: Callable[[], None] | None = None, most_a_second: float = inf, **params: Any
    ) -> None:
        super().__init__(**({"width": 0, "height": 0, "margin": 0} | params))
        self._then = then
        self._sent = 0
        self._drawn: int | None = None
        self._heard = 0.0
        self.most_a_second = most_a_second
        self._cost = self._last = 0.0

    @property
    def ready(self) -> bool:
        """Whether another frame can be sent; where there is no browser, as soon as it is due."""
        if self.due_in > 0 or self._others_come_first:
            return False
        if self._drawn is None or self._sent - self._drawn < MOST_UNDRAWN:
            return True
        return monotonic() > self._heard + PATIENCE

    @property
    def due_in(self) -> float:
        """Seconds until the next frame is due."""
        return self._last + self._apart - monotonic()

    @property
    def wait(self) -> float:
        """Seconds between two looks: there are two for a frame, since each costs time as well."""
        return min(self._apart / 2, LONGEST_WAIT)

    @property
    def _apart(self) -> float:
        """Seconds between two frames, by what a frame costs and how many pages play now."""
        fair = self._cost * max(len(self._running), 1) / SHARE
        return max(1 / self.most_a_second, min(fair, PATIENCE))

    @property
    def _others_come_first(self) -> bool:
        """Whether another page has just had a frame: what people do comes before the next one.

        Frames that were all made at once when several are due would keep a click waiting.
        """
        return FrameClock._latest is not self and monotonic() < FrameClock._free_from

    def start(self) -> None:
        """Count this page among those that play."""
        self._running.add(self)

    def stop(self) -> None:
        """Count this page among those that play no longer."""
        self._running.discard(self)
        if FrameClock._latest is self:
            FrameClock._latest = None  # A page that was closed would be kept for this alone.

    @contextmanager
    def frame(self) -> Iterator[None]:
        """Send all that the block changes as one frame, and take note of what it costs."""
        # When it was due, not when it goes out, which is always a little late.
        begin = monotonic()
        self._last = max(self._last + self._apart, begin - self._apart)
        with pn.io.hold():
            yield
            self._sent += 1
            # Not a synchronised parameter: that alone would take a tenth of a frame's time.
            self._send_msg(self._sent)
        end = monotonic()
        cost = end - begin
        # Some draw more than others: a page must not fall behind the rest for one that took long.
        self._cost += (cost - self._cost) * (LATEST_WEIGHT if self._cost else 1)
        FrameClock._latest, FrameClock._free_from = self, end + cost * (1 / SHARE - 1)

    def _handle_msg(self, data: int | None) -> None:
        """Take the number of a frame that was drawn; a page that is made anew has drawn all."""
        self._drawn = self._sent if data is None else data
        self._heard = monotonic()
        if self._then:
            self._then()
