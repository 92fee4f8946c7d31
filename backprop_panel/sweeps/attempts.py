"""The tasks of runs on a cluster, and the loss of its scheduler."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..settings import SettingError
from .schedule import Assignment
from .trial import Trial

if TYPE_CHECKING:
    from distributed import Future


@dataclass
class Attempt:
    """One task of a run on the cluster.

    Attributes
    ----------
    key : str
    assignment : Assignment
    future : Future
    worker : str
        The address of its worker; empty until it has begun.
    cancelled : bool
        Whether it was told to stop.
    ended : bool
        Whether it has ended, with its last report or without.
    """

    key: str
    assignment: Assignment
    future: Future
    worker: str = ""
    cancelled: bool = False
    ended: bool = False

    @property
    def trial(self) -> Trial:
        """The run of the task."""
        return self.assignment.trial


class SchedulerGone(SettingError):
    """The connection to the scheduler is lost. The reports that have come are kept."""

    def __init__(self, address: str) -> None:
        super().__init__(
            "client",
            f"The scheduler {address} is gone. What had come is kept: resume the sweep with "
            "another client.",
        )
