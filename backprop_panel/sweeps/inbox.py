"""The messages of a sweep's workers, kept until the thread of the sweep takes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from queue import Empty, SimpleQueue
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from .attempts import Attempt
from .reports import Report

if TYPE_CHECKING:
    from distributed import Client, Future

WAIT_SECONDS = 0.1
"""How long to wait for a first message."""

GATHERING_SECONDS = 0.01
"""How long to wait for more messages. Thousands of reports may come in a second. A thread that is
woken by each would compete with the page's threads for Python's lock all the time."""

TAKING_SECONDS = 0.2
"""Longest time of taking messages before tasks are handed out and the store is written again."""

TAKEN_TOGETHER, YIELDING_SECONDS = 100, 0.001
"""How many messages are taken before Python's lock is given to others, and for how long."""

LOOK_SECONDS = 0.5
"""Time between two searches for tasks that have ended without a last report."""


class Inbox:
    """The reports of a sweep's workers, and the tasks that have ended, in the order of arrival.

    Parameters
    ----------
    client : Client
    topic : str
        Of Dask's events that carry the reports.
    """

    def __init__(self, client: Client, topic: str) -> None:
        self._client, self.topic = client, topic
        self._messages: SimpleQueue[tuple[bytes, str] | Future] = SimpleQueue()
        self._look_due = 0.0

    def open(self) -> None:
        """Begin to take reports."""
        self._client.subscribe_topic(self.topic, self._take_event)

    def close(self) -> None:
        """Take no more."""
        self._client.unsubscribe_topic(self.topic)

    def take(self) -> Iterator[tuple[Report, str] | Future]:
        """Yield the messages of a short time: reports with their workers, and ended tasks."""
        until = monotonic() + WAIT_SECONDS + TAKING_SECONDS
        try:
            first = self._messages.get(timeout=WAIT_SECONDS)
            sleep(GATHERING_SECONDS)
            yield _opened(first)
            while monotonic() < until:
                for _ in range(TAKEN_TOGETHER):
                    yield _opened(self._messages.get_nowait())
                sleep(YIELDING_SECONDS)
        except Empty:
            return

    def look_for_ended(self, attempts: Iterable[Attempt]) -> None:
        """Queue the tasks that have ended, after the reports they sent.

        Tasks are polled. Dask's callbacks run in a thread pool, which accepts no call while the
        process ends.
        """
        if monotonic() < self._look_due:
            return
        for attempt in attempts:
            if not attempt.ended and attempt.future.done():
                attempt.ended = True
                self._messages.put(attempt.future)
        self._look_due = monotonic() + LOOK_SECONDS

    def _take_event(self, event: tuple[float, Any]) -> None:
        """Take an event; called in the client's thread, which must not wait."""
        self._messages.put((event[1]["report"], event[1].get("worker", "")))


def _opened(message: tuple[bytes, str] | Future) -> tuple[Report, str] | Future:
    if isinstance(message, tuple):
        data, worker = message
        return Report.unpacked(data), worker
    return message
