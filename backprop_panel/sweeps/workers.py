"""The workers of a cluster: how many runs they take, and which are refused."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from ..settings import SettingError
from .attempts import SchedulerGone

if TYPE_CHECKING:
    from distributed import Client

CAPACITY_SECONDS = 2.0
"""Shortest time between two looks at how many workers there are."""

ASKING_SHARE = 0.1
"""Largest share of the time that is spent on looking."""


class Workers:
    """The workers of a cluster.

    Parameters
    ----------
    client : Client

    Attributes
    ----------
    capacity : int
        How many runs can be trained at once, as of the last `count`.
    there : frozenset of str or None
        Their addresses, as of the last `count`; None before it.
    address : str
        Of the scheduler.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._unfit: dict[str, str] = {}
        self._count_due = 0.0
        self.capacity = 0
        self.there: frozenset[str] | None = None
        self.address = client.scheduler.address if client.scheduler else ""

    @property
    def refusals(self) -> list[str]:
        """Why workers were refused, one sentence each."""
        return [f"The worker {worker} is not used: {why}." for worker, why in self._unfit.items()]

    @property
    def are_missing(self) -> bool:
        """Whether there is none at the moment."""
        return self.there == frozenset()

    @property
    def is_count_due(self) -> bool:
        """Whether it is time to count them again."""
        return monotonic() >= self._count_due

    def count(self) -> None:
        """Count those that are fit.

        Raises
        ------
        SchedulerGone
        SettingError
            If there are workers, and all of them are refused.
        """
        begin = monotonic()
        threads = self._threads()
        fit = {worker: n for worker, n in threads.items() if worker not in self._unfit}
        if threads and not fit:
            raise SettingError("client", " ".join(self.refusals))
        self.capacity, self.there = sum(fit.values()), frozenset(threads)
        # The answer comes behind all reports that are on their way, which wait meanwhile.
        asking = monotonic() - begin
        self._count_due = monotonic() + max(CAPACITY_SECONDS, asking / ASKING_SHARE)

    def refuse(self, worker: str, reason: str) -> None:
        """Use a worker no more."""
        self._unfit[worker] = reason
        self._count_due = 0.0

    def fit(self) -> list[str] | None:
        """Return those to use; None: all of them, those that come later too."""
        if not self._unfit:
            return None
        return [worker for worker in self._threads() if worker not in self._unfit]

    def _threads(self) -> dict[str, int]:
        try:
            return self._client.nthreads()
        except Exception:  # whatever is wrong with the connection
            raise SchedulerGone(self.address) from None
